"""MoviePoint: an admin-first, pluggable platform for publishing films and series."""
from __future__ import annotations

__version__ = "0.1.0"
