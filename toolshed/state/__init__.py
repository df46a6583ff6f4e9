"""Relational state: the database engine and its migrations."""
