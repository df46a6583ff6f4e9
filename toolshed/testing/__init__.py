"""Doubles for tests, ours and our users': small, deterministic, no download."""

from toolshed.testing.doubles import HashingEncoder, make_tool

__all__ = ["HashingEncoder", "make_tool"]
