"""The tasks, by what they take."""
