"""Read tool definitions from wherever they are kept."""
