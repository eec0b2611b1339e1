"""The frame of `./manage.py`: one click group that domains and plugins add commands to."""
from __future__ import annotations

import click
from flask import Flask

from moviepoint.hooks.manager import HookManager


def add_commands(group: click.Group, app: Flask) -> None:
    """Add every contributed command; it runs inside an app context."""
    hooks: HookManager = app.extensions["moviepoint.hooks"]
    for contribution in hooks.collect("register_commands"):
        group.add_command(contribution.command)
