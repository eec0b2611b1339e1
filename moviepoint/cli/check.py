"""`./manage.py check`: says what is wrong and what to do, for everything a site stands on."""
from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from smtplib import SMTP
from urllib.parse import urlsplit

import click
from alembic.util import CommandError
from flask import current_app
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from moviepoint.app import create_app
from moviepoint.cli.check_bucket import bucket_faults
from moviepoint.domains.accounts.openid_faults import Away, Unbelievable
from moviepoint.domains.accounts.openid_providers import clients
from moviepoint.domains.media.encoding.binaries import ToolsMissing, find_tools
from moviepoint.domains.media.encoding.child import Sandbox, find_sandbox
from moviepoint.domains.search.engine import open_chosen
from moviepoint.domains.system.cli import migrators
from moviepoint.hooks.manager import HookManager
from moviepoint.kernel.tasks import EXTENSION as TASKS
from moviepoint.settings import Fault, Settings, SettingsError, load_settings
from moviepoint.shells.api.spec import PREFIX
from moviepoint.theming.themes import EXTENSION as THEMING

PROXY_SECONDS = 3.0
MAIL_SECONDS = 5.0
console = Console(stderr=True)


@click.command("check")
def check() -> None:
    """Look at settings, database, ffmpeg, disk, bucket, queue, mail, sign-in by others, search, plugins and themes."""
    try:
        settings = load_settings()
    except SettingsError as error:
        _report("settings", error.faults)
        raise SystemExit(2) from None
    _report("settings", [])
    found = False
    with create_app(settings).app_context():
        for name, look in CHECKS.items():
            faults = list(look())
            _report(name, faults)
            found = found or bool(faults)
    for note in [*notes(settings), *sandbox_notes(find_sandbox())]:
        console.print(f"· {note}", highlight=False, markup=False)
    if found:
        raise SystemExit(1)


def notes(settings: Settings) -> list[str]:
    """Return what is no fault, but good to know."""
    if settings.registration and settings.confirm_email and not settings.confirms_email:
        return ["mail_server is not set: who registers signs in without confirming their address."]
    return []


def sandbox_notes(sandbox: Sandbox) -> list[str]:
    """Return what is missing of how programs that read uploads are shut in here."""
    if sandbox.networked:
        return ["Programs that read uploads have the network here, since neither bubblewrap nor unshare works: "
                "apt-get install bubblewrap, and in a container let it make namespaces (docs/operators/media.md)."]
    return []


def _report(name: str, faults: list[Fault]) -> None:
    console.print(f"[{'red' if faults else 'green'}]{'✗' if faults else '✓'}[/] {name}", highlight=False)
    for fault in faults:
        console.print(f"    {fault.name} {fault.problem}\n    → {fault.remedy}", highlight=False, markup=False)


def database_fault() -> Fault | None:
    """Return what keeps the app from working on its database, or None."""
    try:
        for migrator in migrators():
            current, head = migrator.current(), migrator.head()
            if current != head:
                return _wrong_revision(current, head)
    except (SQLAlchemyError, CommandError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).strip()
        return Fault("database_url", f"The database does not answer: {reason}.",
                     "Is the server running, and the address right? For SQLite: may this user write to the instance?")
    return None


def _wrong_revision(current: str | None, head: str | None) -> Fault:
    if current is None:
        return Fault("database", "The database is empty.", "Run `./manage.py db upgrade` once.")
    if current > (head or ""):
        return Fault("database", f"The database is newer ({current}) than this MoviePoint ({head}).",
                     "Update MoviePoint, or run `db downgrade` with the version that made it.")
    return Fault("database", f"The database is older ({current}) than this MoviePoint ({head}).",
                 "Make a backup, then run `./manage.py db upgrade`. Nothing is lost.")


def _settings() -> Settings:
    settings: Settings = current_app.extensions["moviepoint.settings"]
    return settings


def _instance() -> Iterator[Fault]:
    settings = _settings()
    for name, path in (("instance", settings.instance), ("media_root", settings.media_path)):
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            yield Fault(name, f"{path} cannot be written.", f"Give this user the folder: chown -R $(id -un) {path}")
    key = settings.instance / "secret.key"
    if key.exists() and key.stat().st_mode & 0o077:
        yield Fault("secret.key", "can be read by others.", f"chmod 600 {key}")


def _database() -> Iterator[Fault]:
    if fault := database_fault():
        yield fault


def _ffmpeg() -> Iterator[Fault]:
    settings = _settings()
    try:
        tools = find_tools(settings.ffmpeg, settings.ffprobe)
    except ToolsMissing as error:
        yield Fault("ffmpeg", str(error), "Uploads are kept; they are encoded once it is there.")
        return
    console.print(f"    ffmpeg {tools.version} ({tools.origin}: {tools.ffmpeg})", highlight=False, markup=False)
    if not tools.tone_mapping:
        console.print("    · It lacks the filter zscale, without which films in HDR are refused. Debian's has it.",
                      highlight=False, markup=False)


def _disk() -> Iterator[Fault]:
    free = current_app.extensions["moviepoint.storage"].free_bytes()
    if free < 2 * _settings().free_disk_reserve_bytes:
        yield Fault("disk", f"Only {free // 2**20} MB are free.",
                    "Make room, or point media_root to another disk; encoding waits until there is room.")


def _proxy() -> Iterator[Fault]:
    yield from proxy_faults(_settings())


def proxy_faults(settings: Settings) -> Iterator[Fault]:
    """Ask the public address whether it would take a chunk of an upload; a proxy that would not says so at once.

    Only the head of a request is sent. Where nobody answers, nothing is known, and nothing is said.
    """
    place = urlsplit(settings.base_url)
    kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=PROXY_SECONDS)
    try:
        connection.putrequest("PATCH", f"{place.path.rstrip('/')}{PREFIX}/uploads/none")
        connection.putheader("Content-Length", str(settings.upload_chunk_bytes))
        connection.endheaders()
        refused = connection.getresponse().status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    except (OSError, HTTPException):
        return
    finally:
        connection.close()
    if refused:
        yield Fault("upload_chunk_bytes", f"{settings.base_url} takes no chunk of {settings.upload_chunk_bytes} bytes.",
                    "Raise the proxy's limit (nginx: client_max_body_size 0), or lower upload_chunk_bytes.")


def _queue() -> Iterator[Fault]:
    try:
        current_app.extensions[TASKS].huey.pending_count()
    except Exception as error:
        yield Fault("queue_url", f"The task queue does not answer: {error}.",
                    "Start Redis, mend the address, or leave queue_url empty for the built-in queue.")


def _mail() -> Iterator[Fault]:
    yield from mail_faults(_settings())


def mail_faults(settings: Settings) -> Iterator[Fault]:
    """Connect to the mail server as the worker does, up to the sign-in; nothing is sent."""
    if not settings.mail_server:
        return
    mend = "Mend mail_server, mail_port, mail_use_tls, mail_username or mail_password; mail waits in the meantime."
    try:
        with SMTP(settings.mail_server, settings.mail_port, timeout=MAIL_SECONDS) as server:
            if settings.mail_use_tls:
                server.starttls()
            if settings.mail_username:
                server.login(settings.mail_username, settings.mail_password)
    except OSError as error:
        yield Fault("mail_server", f"{settings.mail_server}:{settings.mail_port} does not take mail: {error}.", mend)
        return
    if urlsplit(settings.base_url).hostname in ("127.0.0.1", "localhost"):
        yield Fault("base_url", f"is {settings.base_url}, and links in mail begin with it.",
                    "Set it to the site's public address.")


def _openid() -> Iterator[Fault]:
    yield from openid_faults()


def openid_faults() -> Iterator[Fault]:
    """Ask each provider of OpenID Connect what it has published of itself."""
    for slug, client in clients().items():
        name, address = f"openid_providers.{slug}", client.provider.issuer
        try:
            client.metadata()
        except Away:
            yield Fault(name, f"{address} does not answer.", "Is the issuer right, and may this server reach it? "
                                                             "People cannot sign in by it in the meantime.")
        except Unbelievable:
            yield Fault(name, f"{address} has not published that it is this issuer.",
                        "Write the issuer letter by letter as in its /.well-known/openid-configuration.")


def _search() -> Iterator[Fault]:
    try:
        open_chosen(_settings(), private=False)
    except ValueError as error:
        yield Fault("search_engine", str(error), "Mend the setting; until then the built-in engine is searched.")


def _plugins() -> Iterator[Fault]:
    hooks: HookManager = current_app.extensions["moviepoint.hooks"]
    for plugin in hooks.plugins.values():
        if plugin.enabled and plugin.error:
            yield Fault(plugin.slug, plugin.error.strip().splitlines()[-1],
                        "`./manage.py plugin list` shows all of it; take it out of `plugins` to go on without.")


def _themes() -> Iterator[Fault]:
    theming = current_app.extensions[THEMING]
    for theme in theming.themes.values():
        if theme.error:
            yield Fault(theme.slug, theme.error, "Mend its theme.toml, or remove the folder.")
    if not theming.usable(_settings().theme):
        yield Fault("theme", f"{_settings().theme!r} is no usable theme; the default one is shown.",
                    "`./manage.py theme list` shows which there are.")


CHECKS: dict[str, Callable[[], Iterator[Fault]]] = {
    "instance": _instance, "database": _database, "ffmpeg": _ffmpeg, "disk": _disk, "bucket": bucket_faults,
    "proxy": _proxy, "queue": _queue, "mail": _mail, "openid": _openid, "search": _search, "plugins": _plugins,
    "themes": _themes,
}
