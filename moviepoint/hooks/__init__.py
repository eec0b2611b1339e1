"""The hooks by which core domains and plugins contribute; see `specs` for the contract."""
from __future__ import annotations

from moviepoint.hooks.specs import hookimpl

__all__ = ["hookimpl"]
