"""Tuning to a knowledge base: what judged requests say of weights, head and confidence."""
