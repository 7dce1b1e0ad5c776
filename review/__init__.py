"""What people decide. Its room is kept, so that the import contracts hold from the first day; nothing is in it yet."""
