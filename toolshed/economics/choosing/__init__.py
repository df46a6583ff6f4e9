"""Which backbone the next step gets."""
