"""How fast the review page answers with many open records, and the pictures of it in the documentation; invented people only."""
