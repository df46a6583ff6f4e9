"""A read-only MCP registry."""
