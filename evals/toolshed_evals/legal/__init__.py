"""Evaluation of legal text: sentence boundaries, passages, retrieval of passages."""
