"""The ledger: an append-only record of tasks, decisions, calls and outcomes in SQLite or PostgreSQL."""
