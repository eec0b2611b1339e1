"""Empty frames that the domains fill by hooks."""
