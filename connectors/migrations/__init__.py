"""The history of the tables that the sync owns, revision by revision; run by `connectors.schema`."""
