"""The reference of all hooks, as Markdown, from the specs themselves.

    python -m moviepoint.hooks.reference > docs/plugin-authors/hooks.md
"""
from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

from moviepoint.hooks import specs

VERBS = {"register": "Called once at start; returns what to add",
         "filter": "A value goes in and comes out; one that fails is skipped",
         "resolve": "The first answer that is not None wins; plugins are asked before the core",
         "on": "After the commit, with ids; a failure is logged and never spreads"}


def hooks() -> dict[str, Callable[..., Any]]:
    """Return all specs by name, in the order in which they stand."""
    return {name: function for name, function in vars(specs).items()
            if inspect.isfunction(function) and function.__module__ == specs.__name__}


def render() -> str:
    """Return the reference."""
    lines = ["# Hooks", "", "Written from `moviepoint/hooks/specs.py`; a test holds it to that."]
    for verb, meaning in VERBS.items():
        lines += ["", f"## `{verb}_…`", "", f"{meaning}."]
        for name, function in hooks().items():
            if name.startswith(f"{verb}_"):
                heading = f"### `{name}{inspect.signature(function)}`"
                lines += ["", heading, "", inspect.cleandoc(function.__doc__ or "")]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.stdout.write(render())
