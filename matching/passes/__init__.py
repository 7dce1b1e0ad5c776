"""The passes of the cascade: where each one's pairs come from."""
