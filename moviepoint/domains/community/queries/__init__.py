"""Reads of taking part: scoped to a viewer, in a number of queries that does not grow."""
