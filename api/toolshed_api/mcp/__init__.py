"""Our MCP server: over stdio, and over HTTP in the service."""
