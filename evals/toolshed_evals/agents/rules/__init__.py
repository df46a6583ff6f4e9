"""An agent by rules: no language model, for runs that need none."""
