"""Replaying backbone choice on tables in which every model has answered every query."""
