"""Where tool documents live: the embedded engine, a Qdrant server, or memory."""
