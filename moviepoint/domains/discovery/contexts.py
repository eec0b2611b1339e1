"""What the offline page gives to its template."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OfflinePage:
    """`site/offline.html`: what browsers keep for the time without a network. It knows nobody, and asks for nothing."""

    home: str
