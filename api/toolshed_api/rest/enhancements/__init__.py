"""Enhancements of tools."""
