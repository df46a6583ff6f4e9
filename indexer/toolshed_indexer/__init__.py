"""Fills the knowledge base: ``toolshed index``."""
