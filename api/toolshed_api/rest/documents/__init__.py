"""Documents of legal text."""
