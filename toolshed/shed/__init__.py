"""The Python SDK: one knowledge base, opened."""
