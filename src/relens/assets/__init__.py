"""Images, kept once, by content hash."""
