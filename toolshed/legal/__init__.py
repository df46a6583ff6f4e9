"""Legal text: precise sentences, passages that can be cited, readers, a LangChain splitter."""
