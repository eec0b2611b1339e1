"""Published films whose segments lie in a bucket."""
