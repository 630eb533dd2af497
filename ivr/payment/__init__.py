"""Bank cards and card processors. Knows nothing of calls or of the database."""
