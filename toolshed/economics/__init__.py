"""Cost-of-pass: what every model call cost, whether its task passed, and which backbone comes next."""
