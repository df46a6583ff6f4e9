"""What was done, by whom, from which request, and what came of it."""
