"""Search: the index, its queries, and what they are shown as."""
