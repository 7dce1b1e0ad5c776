"""From what was typed to values in one form, and the rejects."""
