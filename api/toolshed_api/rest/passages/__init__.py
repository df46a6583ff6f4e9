"""Passages of legal text."""
