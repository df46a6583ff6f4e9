"""Where tokens for this service are issued."""
