"""How a found tool is called: Python functions, operations of OpenAPI, tools of MCP servers."""
