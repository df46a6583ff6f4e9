"""Better tool documents, before anything is asked."""
