"""What every part stands on, and nothing that knows of films."""
