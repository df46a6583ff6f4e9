"""What is meant to harm in a tool definition: found before a model reads it, held back where asked for."""
