"""Writes of taking part. Each verb checks its policy; all take `session` and `actor` first and do not commit."""
