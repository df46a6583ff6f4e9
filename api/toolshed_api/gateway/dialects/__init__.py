"""The three protocols that the gateway speaks, a file for each."""
