"""Themes: their manifests, the template loader and the lookup of static files."""
