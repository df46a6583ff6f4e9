"""Fitting what ships with the package: ``python -m toolshed_evals.fitting``."""
