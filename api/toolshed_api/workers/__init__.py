"""A service of several processes: one that writes and answers all else, the others that answer searches."""
