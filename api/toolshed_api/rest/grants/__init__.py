"""Grants of sources and tools."""
