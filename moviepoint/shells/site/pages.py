"""Rendering a page in the active theme, and the variables that every page has."""
from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import (
    Flask,
    Response,
    current_app,
    g,
    has_request_context,
    make_response,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_login import current_user
from markupsafe import Markup

from moviepoint.hooks.manager import HookManager
from moviepoint.hooks.types import MenuLink, NavItem, SlotFill
from moviepoint.kernel.addresses import page_url
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.fresh import fresh
from moviepoint.kernel.i18n import current_locale
from moviepoint.settings import Settings
from moviepoint.shells.site.fragments import fragment
from moviepoint.theming.themes import EXTENSION as THEMING
from moviepoint.theming.themes import TRUSTED_SECONDS, Theming

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

YEAR = 365 * 86400


def render_page(template: str, context: DataclassInstance, status: int = 200) -> Response:
    """Render a page of the active theme; each field of the context dataclass is a template variable."""
    variables: Mapping[str, Any] = {field.name: getattr(context, field.name) for field in fields(context)}
    hooks: HookManager = current_app.extensions["moviepoint.hooks"]
    variables = hooks.chain("filter_page_context", variables, template=template)
    return make_response(render_template(template, **variables), status)


def init_app(app: Flask, settings: Settings, hooks: HookManager) -> None:
    """Add slots, menus and the `asset` address to templates, and serve static files by theme."""
    fills: dict[str, list[SlotFill]] = {}
    for fill in sorted(hooks.collect("register_slot_fills"), key=lambda fill: fill.order):
        fills.setdefault(fill.slot, []).append(fill)
    nav: list[NavItem] = sorted(hooks.collect("register_nav_items"), key=lambda item: item.order)
    app.jinja_env.globals.update(slot=lambda name, **arguments: _slot(fills, name, arguments), asset=asset_url,
                                 site_name=settings.site_name, site_locales=settings.locales,
                                 menu=lambda place: _menu(hooks, nav, place),
                                 csp_nonce=csp_nonce, here_in=here_in, fragment=fragment, url_for=page_url,
                                 current_user=current_user,  # for parts, which know no variables of the page
                                 active_theme=lambda: _theming().active(),
                                 theme_option=lambda name, default="": _theming().option(name, default),
                                 registration_open=settings.registration)
    app.add_url_rule("/assets/<path:name>", "assets", serve_asset)


def _slot(fills: Mapping[str, list[SlotFill]], name: str, arguments: dict[str, Any]) -> Markup:
    parts = []
    for fill in fills.get(name, []):
        variables = arguments if fill.context is None else fill.context(**arguments)
        if variables is not None:
            parts.append(render_template(fill.template, **variables))
    return Markup("".join(parts))  # noqa: S704 -- each part is a rendered, autoescaped template


def _menu(hooks: HookManager, nav: Sequence[NavItem], place: str) -> Sequence[MenuLink]:
    """Return a menu's links for the present page; plugins and editors may have changed them."""
    links = []
    for item in (item for item in nav if place in item.places):
        url = page_url(item.endpoint, **dict(item.arguments))
        links.append(MenuLink(str(item.label), url, "page" if request.path == url
                              else "true" if request.path.startswith(f"{url}/") else ""))
    found: Sequence[MenuLink] = hooks.chain("filter_menu", links, place=place)
    return found


def csp_nonce() -> str:
    """Return this response's nonce for inline scripts and styles."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def here_in(locale: str) -> str:
    """Return the address of the present page in another locale; the home page's where there is none."""
    endpoint = request.endpoint
    if endpoint is None or not current_app.url_map.is_endpoint_expecting(endpoint, "locale"):
        return page_url("pages.home", locale=locale)
    query = {name: values for name, values in request.args.lists() if not name.startswith("_")}
    return page_url(endpoint, **{**(request.view_args or {}), **query, "locale": locale})


def asset_url(name: str) -> str:
    """Return a static file's address with its fingerprint, so that browsers may keep it for a year."""
    theming = _theming()
    theme = theming.public_name(name), theming.active()
    root = request.script_root if has_request_context() else ""
    return fresh(f"asset {root} {theme}", TRUSTED_SECONDS, lambda: _asset_url(theming, name), "")


def _asset_url(theming: Theming, name: str) -> str:
    file = theming.locate("static", name)
    fingerprint = _fingerprint(file, file.stat().st_mtime_ns) if file else None
    return url_for("assets", name=theming.public_name(name), v=fingerprint)


def serve_asset(name: str) -> Response:
    """Serve a static file as the active theme sees it."""
    file = _theming().locate("static", name)
    if file is None:
        raise NotFound()
    response = send_file(file, conditional=True, max_age=YEAR if "v" in request.args else 300)
    if "v" in request.args:
        response.cache_control.immutable = True
    return response


@cache
def _fingerprint(file: Path, _modified: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def _theming() -> Theming:
    theming: Theming = current_app.extensions[THEMING]
    return theming


__all__ = ["current_locale", "init_app", "render_page"]
