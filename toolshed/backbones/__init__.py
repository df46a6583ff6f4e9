"""Encoders: dense (transformer), static (word vectors) and sparse (words, n-grams)."""
