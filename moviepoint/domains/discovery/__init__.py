"""What machines are told of the site as a whole: sitemaps, robots.txt, the web app's manifest, the offline page."""
