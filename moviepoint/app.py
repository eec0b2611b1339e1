"""Where the house is put together: settings in, Flask app out, by a short list of named steps."""
from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import structlog
from flask import Flask, request
from flask_login import COOKIE_NAME
from flask_wtf.csrf import CSRFProtect
from jinja2 import BaseLoader
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from moviepoint.domains.accounts import bearer, security
from moviepoint.domains.accounts import plugin as accounts
from moviepoint.domains.catalog import plugin as catalog
from moviepoint.domains.community import plugin as community
from moviepoint.domains.discovery import plugin as discovery
from moviepoint.domains.history import plugin as history
from moviepoint.domains.media import plugin as media
from moviepoint.domains.pages import plugin as pages
from moviepoint.domains.search import plugin as search
from moviepoint.domains.system import plugin as system
from moviepoint.domains.system.theme import active_theme
from moviepoint.domains.transfer import plugin as transfer
from moviepoint.hooks.manager import HookManager
from moviepoint.kernel import bucket, events, i18n, limits
from moviepoint.kernel.db import db
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.sentences import said
from moviepoint.kernel.tasks import EXTENSION as TASKS
from moviepoint.kernel.tasks import TaskQueue, make_huey
from moviepoint.settings import PROJECT_ROOT, Settings, load_settings, with_secret
from moviepoint.shells import admin, web
from moviepoint.shells.api.spec import PREFIX
from moviepoint.shells.api.spec import init_app as init_api
from moviepoint.shells.site.pages import init_app as init_site
from moviepoint.theming.loader import ThemeLoader
from moviepoint.theming.themes import EXTENSION as THEMING
from moviepoint.theming.themes import Theming

#: The domains in the order in which their contributions stand.
CORE: tuple[ModuleType, ...] = (system, accounts, catalog, pages, media, community, search, history, transfer,
                               discovery)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
TOKEN_HEADER = "Authentication-Token"  # noqa: S105 -- a header's name
MAX_ID = 2**31 - 1  # PostgreSQL's integer
PACKAGE = Path(__file__).resolve().parent


class RowNumber(IntegerConverter):
    """A whole number in an address, no larger than a database can look for: beyond it there is no page."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options.setdefault("max", MAX_ID)
        super().__init__(*arguments, **options)


class MoviePoint(Flask):
    """Flask with templates found by theme."""

    theming: Theming

    def create_global_jinja_loader(self) -> BaseLoader:  # type: ignore[override]
        return ThemeLoader(self.theming, super().create_global_jinja_loader())


def create_app(settings: Settings | None = None) -> MoviePoint:
    """Return the app. Opens no connection; raises SettingsError when the settings cannot be used."""
    settings = with_secret(settings or load_settings())
    app = MoviePoint("moviepoint", static_folder=None, template_folder=None)
    app.url_map.converters["int"] = RowNumber
    configure(app, settings)
    hooks = load_hooks(app, settings)
    add_theming(app, settings, hooks)
    protect_forms(app)
    i18n.init_app(app, settings, catalogues(settings, hooks))
    app.jinja_env.filters["said"] = said
    db.init_app(app)
    limits.init_app(app, settings)
    bearer.init_app(app)
    security.init_app(app, settings)
    init_site(app, settings, hooks)
    init_api(app, hooks)
    mount_pages(app, hooks)
    admin.init_app(app, hooks)
    web.init_app(app)
    app.extensions[TASKS] = TaskQueue(app, make_huey(settings), list(hooks.collect("register_tasks")))
    return app


def configure(app: Flask, settings: Settings) -> None:
    """Translate the settings to Flask's and its extensions' names."""
    app.extensions["moviepoint.settings"] = settings
    app.extensions["moviepoint.storage"] = LocalStorage(settings.media_path)
    bucket.init_app(app, settings)
    app.config.update(
        SECRET_KEY=settings.secret_key, DEBUG=settings.debug, TEMPLATES_AUTO_RELOAD=True,
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url, SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings),
        SESSION_COOKIE_NAME="session", SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_SECURE=settings.cookie_secure,
        SESSION_COOKIE_HTTPONLY=True, REMEMBER_COOKIE_SECURE=settings.cookie_secure, REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax", WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_CHECK_DEFAULT=False,
        MAX_CONTENT_LENGTH=64 * 2**20, MAX_FORM_MEMORY_SIZE=2**20,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, hops)  # type: ignore[method-assign]
    configure_logging(settings)


def protect_forms(app: Flask) -> None:
    """Ask for a CSRF token on every write, but for those that bring no cookie by which somebody is signed in."""
    csrf = CSRFProtect(app)

    @app.before_request
    def check() -> None:
        if app.config.get("WTF_CSRF_ENABLED", True) and request.method not in SAFE_METHODS and not _tokenless(app):
            csrf.protect()


def _tokenless(app: Flask) -> bool:
    """Say whether a request carries nothing that a browser would add by itself for another site."""
    if bearer.is_bearer():
        return True  # a cookie beside it counts for nothing
    cookies = (app.config["SESSION_COOKIE_NAME"], app.config.get("REMEMBER_COOKIE_NAME", COOKIE_NAME))
    if any(name in request.cookies for name in cookies):
        return False
    return request.path.startswith(PREFIX) or TOKEN_HEADER in request.headers


def engine_options(settings: Settings) -> dict[str, object]:
    """Return what create_engine needs beside the address."""
    return {} if settings.sqlalchemy_url.startswith("sqlite") else {"pool_pre_ping": True}


def configure_logging(settings: Settings) -> None:
    """Log lines for people when debugging, JSON otherwise."""
    renderer = structlog.dev.ConsoleRenderer() if settings.debug else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level,
                    structlog.processors.TimeStamper(fmt="iso"), structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if settings.debug else logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr))


def load_hooks(app: Flask, settings: Settings) -> HookManager:
    """Register core domains, then the plugins that the settings name."""
    hooks = HookManager(CORE)
    hooks.load_plugins(settings.plugins_dir, settings.plugins)
    events.use_emitter(hooks.emit)
    app.extensions["moviepoint.hooks"] = hooks
    return hooks


def core_folders() -> list[Path]:
    """Return the folders of shells and domains that hold templates or static files."""
    folders = [*sorted((PACKAGE / "domains").iterdir()), *sorted((PACKAGE / "shells").iterdir())]
    return [folder for folder in folders if (folder / "templates").is_dir() or (folder / "static").is_dir()]


def add_theming(app: MoviePoint, settings: Settings, hooks: HookManager) -> None:
    """Find themes, and follow the active one at run time."""
    plugins = [(plugin.slug, plugin.folder) for plugin in hooks.active_plugins()]
    app.theming = Theming(settings.themes_dir, plugins, core_folders(), lambda: active_theme(settings.theme))
    app.extensions[THEMING] = app.theming
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def catalogues(settings: Settings, hooks: HookManager) -> Sequence[Path]:
    """Return the folders of translations: core, plugins, themes."""
    plugins = [plugin.folder / "translations" for plugin in hooks.active_plugins()]
    themes = [path / "translations" for path in sorted(settings.themes_dir.glob("*/"))]
    return [PROJECT_ROOT / "translations", *plugins, *themes]


def mount_pages(app: Flask, hooks: HookManager) -> None:
    """Mount the blueprints of the public site, below the locale where they are localised."""
    for part in hooks.collect("register_pages"):
        prefix = "/<locale>" if part.localised else ""
        app.register_blueprint(part.blueprint, url_prefix=prefix + (part.blueprint.url_prefix or ""))


