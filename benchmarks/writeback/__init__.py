"""What writing back costs, on SQLite and PostgreSQL; synthetic people only."""
