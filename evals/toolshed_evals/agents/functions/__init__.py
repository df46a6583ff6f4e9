"""Functions with effects in the world, one class of them for each part of an office and a home."""
