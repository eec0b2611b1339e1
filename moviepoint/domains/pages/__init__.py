"""What editors arrange: the home page, static pages, menus."""
