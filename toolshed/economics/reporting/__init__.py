"""What was spent, and what it bought."""
