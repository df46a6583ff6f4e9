"""Endpoints, a folder for each noun."""
