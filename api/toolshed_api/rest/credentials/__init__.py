"""Credentials for upstream servers."""
