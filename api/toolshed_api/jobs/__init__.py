"""Jobs: work that takes longer than an answer may."""
