"""One module per revision; a revision that was handed out is never changed."""
