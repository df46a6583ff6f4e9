"""Bring a knowledge base in step with what its sources say."""
