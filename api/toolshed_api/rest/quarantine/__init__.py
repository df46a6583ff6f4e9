"""Definitions of tools that are held back."""
