"""What people read: rates, reports, lists of what is open."""
