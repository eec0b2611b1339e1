"""The smallest sensible Django admin of the same titles, on a copy of the same SQLite file."""
