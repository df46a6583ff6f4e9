"""``toolshed bench``: time and memory, beside peers and over sizes, as ratios within one run."""

from toolshed_evals.bench.command import bench

__all__ = ["bench"]
