"""What the gateway adds to a model's answer, measured before a scripted model."""
