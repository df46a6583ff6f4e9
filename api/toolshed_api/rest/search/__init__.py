"""Searching tools."""
