"""Toolshed inside the frameworks of others."""
