"""The public site's frame: pages in the active theme, named slots, menus, static files."""
from __future__ import annotations

from moviepoint.shells.site.pages import render_page

__all__ = ["render_page"]
