"""The back office's frame: Flask-Admin, guarded, with writes through services."""
from __future__ import annotations

from flask import Flask

from moviepoint.hooks.manager import HookManager
from moviepoint.shells.admin import frame
from moviepoint.shells.admin.find import FindView

__all__ = ["init_app"]


def init_app(app: Flask, hooks: HookManager) -> None:
    """Mount the back office."""
    frame.init_app(app, hooks, FindView())
