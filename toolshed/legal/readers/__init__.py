"""Readers of legal documents: text, Markdown, HTML, DOCX and PDF with a text layer."""
