"""What a document is, and why one is refused."""
