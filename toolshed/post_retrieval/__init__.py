"""From scored tools to the few an agent is equipped with."""
