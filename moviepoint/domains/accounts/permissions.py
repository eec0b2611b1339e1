"""What the running site knows of permissions: those that domains and plugins have registered."""
from __future__ import annotations

from flask import current_app

from moviepoint.hooks.manager import HookManager
from moviepoint.hooks.types import Permission


def permissions() -> list[Permission]:
    """Return all permissions that can be granted."""
    hooks: HookManager = current_app.extensions["moviepoint.hooks"]
    return list(hooks.collect("register_permissions"))


def site_locales() -> tuple[str, ...]:
    """Return the locales to which a grant can be narrowed."""
    locales: tuple[str, ...] = current_app.extensions["moviepoint.settings"].locales
    return locales
