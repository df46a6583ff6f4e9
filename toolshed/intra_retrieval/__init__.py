"""From a query to scored tools: decomposition, search, fusion."""
