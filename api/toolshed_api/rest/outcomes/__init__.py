"""Outcomes of tasks."""
