"""Operating commands: the database, routes, plugins, themes, and the processes."""
from __future__ import annotations

import code

import click
from flask import current_app
from rich.console import Console
from rich.table import Table

from moviepoint.domains.accounts.services import sync_roles
from moviepoint.domains.system import services
from moviepoint.domains.system.theme import SETTING, forget_active_theme
from moviepoint.hooks.manager import HookManager
from moviepoint.kernel.db import Base, db, unit_of_work
from moviepoint.kernel.migrate import CORE, MigrationError, Migrator, plugin_history
from moviepoint.settings import Settings
from moviepoint.theming.themes import EXTENSION as THEMING
from moviepoint.theming.themes import Theming

console = Console()


def migrators() -> list[Migrator]:
    """Return the core's migrator, then one for each plugin that has migrations."""
    settings: Settings = current_app.extensions["moviepoint.settings"]
    settings.instance.mkdir(parents=True, exist_ok=True)
    hooks: HookManager = current_app.extensions["moviepoint.hooks"]
    histories = [plugin_history(p.slug, p.folder) for p in hooks.active_plugins() if (p.folder / "migrations").is_dir()]
    return [Migrator(db.engine, Base.metadata, history) for history in (CORE, *histories)]


def upgrade_all() -> None:
    """Bring the database up to date and make the standard roles."""
    for migrator in migrators():
        migrator.upgrade()
    hooks: HookManager = current_app.extensions["moviepoint.hooks"]
    with unit_of_work() as session:
        sync_roles(session, hooks.collect("register_permissions"))


@click.group("db")
def db_group() -> None:
    """The database and its migrations."""


@db_group.command("upgrade")
def upgrade() -> None:
    """Bring the database up to date; makes a new one where there is none."""
    try:
        upgrade_all()
    except MigrationError as error:
        raise click.ClickException(str(error)) from None
    console.print("The database is up to date.")


@db_group.command("downgrade")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the core's migrations back to REVISION (`base`: to nothing)."""
    try:
        migrators()[0].downgrade(revision)
    except MigrationError as error:
        raise click.ClickException(str(error)) from None
    console.print(f"The database is at {migrators()[0].current() or 'nothing'}.")


@db_group.command("revision")
@click.argument("message")
def revision(message: str) -> None:
    """Write a migration for what the models have and the database lacks."""
    migrators()[0].revision(message)


@db_group.command("check")
def check_database() -> None:
    """Say whether the database fits the code."""
    for migrator in migrators():
        current, head = migrator.current(), migrator.head()
        if current != head:
            raise click.ClickException(f"The database is at {current or 'nothing'}, the code at {head}. "
                                       "Run `./manage.py db upgrade`.")
        if differences := migrator.differences():
            raise click.ClickException(f"Models and database differ: {differences!r}. A migration is missing.")
    console.print("The database fits the code.")


@click.command("routes")
def routes() -> None:
    """List all addresses."""
    table = Table("address", "methods", "endpoint")
    for rule in sorted(current_app.url_map.iter_rules(), key=str):
        table.add_row(str(rule), " ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})), rule.endpoint)
    console.print(table)


@click.command("shell")
def shell() -> None:
    """Open a Python prompt with the app, a session and unit_of_work."""
    code.interact(banner="app, session, unit_of_work", local={
        "app": current_app, "session": db.session(), "unit_of_work": unit_of_work})


@click.group("plugin")
def plugin_group() -> None:
    """Plugins: what there is, and what works."""


@plugin_group.command("list")
def list_plugins() -> None:
    """List the plugins found, and why one fails."""
    hooks: HookManager = current_app.extensions["moviepoint.hooks"]
    table = Table("plugin", "version", "state", "description")
    for plugin in hooks.plugins.values():
        manifest = plugin.manifest
        table.add_row(plugin.slug, manifest.version if manifest else "", plugin.state,
                      manifest.description if manifest else "")
    console.print(table)
    for plugin in hooks.plugins.values():
        if plugin.error:
            console.print(f"[red]{plugin.slug}[/red]: {plugin.error}", highlight=False)


@click.group("theme")
def theme_group() -> None:
    """Themes: what there is, and which one is shown."""


@theme_group.command("list")
def list_themes() -> None:
    """List the themes found, the active one marked."""
    theming: Theming = current_app.extensions[THEMING]
    active = theming.active()
    table = Table("", "theme", "version", "extends", "description")
    for theme in theming.themes.values():
        manifest = theme.manifest
        table.add_row("*" if theme.slug == active else "", theme.slug, manifest.version if manifest else "",
                      manifest.extends if manifest else "", theme.error or (manifest.description if manifest else ""))
    console.print(table)


@theme_group.command("use")
@click.argument("slug")
def use_theme(slug: str) -> None:
    """Show the site in another theme, at once."""
    theming: Theming = current_app.extensions[THEMING]
    if not theming.usable(slug):
        known = ", ".join(s for s in theming.themes if theming.usable(s))
        raise click.ClickException(f"There is no usable theme {slug!r}. There are: {known}.")
    with unit_of_work() as session:
        services.set_site_setting(session, SETTING, slug)
    forget_active_theme()
    console.print(f"The site is shown in {slug} now.")


COMMANDS = (db_group, routes, shell, plugin_group, theme_group)
