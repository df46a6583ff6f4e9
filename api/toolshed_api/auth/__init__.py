"""Who may do what: keys, tokens, tenants, grants and rates."""
