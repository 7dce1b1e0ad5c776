"""Prefect's page as officers see it."""
