"""Media: uploads, encoding, packages and playback."""
