"""The description for people to read."""
