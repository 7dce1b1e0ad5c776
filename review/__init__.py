"""What people decide: lists read back, decisions kept, and what still holds of them handed to the next run."""
