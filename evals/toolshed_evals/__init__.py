"""Benchmarks: data sets, measures, experiments, reports."""
