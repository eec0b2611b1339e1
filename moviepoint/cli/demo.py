"""`./manage.py demo`: a site to try, with real content, in an instance of its own."""
from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import click
from flask import Flask
from flask_security.utils import hash_password
from sqlalchemy import select

from moviepoint.app import create_app
from moviepoint.cli.processes import port_is_free, start, stop
from moviepoint.demo.film import DemoError, fetch_film, make_film
from moviepoint.demo.loader import PLAYABLE, load
from moviepoint.demo.upload import Client, UploadFailed
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media.encoding.binaries import ToolsMissing, find_tools
from moviepoint.domains.media.models import Edition
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.settings import PROJECT_ROOT, Settings, SettingsError, load_settings

EMAIL = "editor@example.org"
FOLDER = PROJECT_ROOT / "instance" / "demo"
START_SECONDS = 60


@click.command("demo")
@click.option("--port", default=8000, show_default=True, help="The next free one is taken when it is not.")
@click.option("--once", is_flag=True, help="End as soon as the film can be watched, instead of serving on.")
@click.option("--instance", type=click.Path(path_type=Path), default=FOLDER, help="Where the demo keeps its things.")
def demo(port: int, once: bool, instance: Path) -> None:
    """Set up a site with real content, encode a film, and serve it all with a worker."""
    began = time.monotonic()

    def say(text: str) -> None:
        click.echo(f"[{time.monotonic() - began:5.1f} s] {text}", err=True)

    port = next((p for p in range(port, port + 50) if port_is_free("127.0.0.1", p)), port)
    environ = _environment(instance, port)
    try:
        settings = load_settings(environ)
        app = create_app(settings)
        with app.app_context():
            _serve(app, settings, environ, port, once, say)
    except (DemoError, UploadFailed, ToolsMissing, SettingsError) as error:
        raise click.ClickException(str(error)) from None


def _environment(instance: Path, port: int) -> dict[str, str]:
    """Keep the demo to itself: no setting of a real site reaches it, nor its database."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MOVIEPOINT_")}
    kept = {name: os.environ[name] for name in ("MOVIEPOINT_FFMPEG", "MOVIEPOINT_FFPROBE") if name in os.environ}
    return clean | kept | {"MOVIEPOINT_INSTANCE": str(instance), "MOVIEPOINT_BASE_URL": f"http://127.0.0.1:{port}",
                           "MOVIEPOINT_CONFIG": str(instance / "moviepoint.toml")}


def _serve(app: Flask, settings: Settings, environ: dict[str, str], port: int, once: bool,
           say: Callable[[str], None]) -> None:
    say("making the database")
    upgrade_all()
    password = _editor(settings)
    load(app.extensions["moviepoint.storage"], say)
    children = [start(["web", "--port", str(port)], environ), start(["worker"], environ)]
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _wait_until_up(port, children)
        base = f"http://127.0.0.1:{port}"
        say("the site is up")
        _show_addresses(base, password)
        _bring_film(settings, base, say)
        if not once:
            click.echo("\nCtrl-C ends it; run it again to go on where it was.\n", err=True)
            while children[0].poll() is None:
                time.sleep(1)
                if children[1].poll() is not None:
                    children[1] = start(["worker"], environ)
            raise DemoError("The web process has ended; the lines above say why.")
    except KeyboardInterrupt:
        click.echo("Stopping …", err=True)
    finally:
        stop(children)


def _editor(settings: Settings) -> str:
    """Make the demo's editor once; the password is kept in the instance, so that a second run can show it."""
    note = settings.instance / "demo-password"
    if not note.exists():
        note.touch(mode=0o600)
        note.write_text(secrets.token_urlsafe(9))
    password = note.read_text().strip()
    with unit_of_work() as session:
        if session.scalar(select(User.id).where(User.email == EMAIL)) is None:
            create_user(session, EMAIL, hash_password(password), ["administrator"], "Editor")
    return password


def _show_addresses(base: str, password: str) -> None:
    lines = (("Site", f"{base}/en/   {base}/ru/"), ("Back office", f"{base}/admin/"),
             ("API", f"{base}/api/v1/docs/scalar/"), ("Sign in", f"{EMAIL}   password: {password}"))
    click.echo("\n" + "\n".join(f"  {name:<12} {value}" for name, value in lines) + "\n")
    sys.stdout.flush()


def _bring_film(settings: Settings, base: str, say: Callable[[str], None]) -> None:
    """Upload the film over HTTP as an editor would, and follow its encoding; a second run finds it done."""
    title = db.session.scalars(select(Title).where(Title.slug == PLAYABLE)).one()
    watch = f"{base}/en/films/{PLAYABLE}"
    if db.session.scalar(select(Edition.id).where(Edition.title_id == title.id, Edition.package.is_not(None))):
        say(f"the film can be watched: {watch}")
        return
    title_id = title.id
    token = str(db.session.scalars(select(User).where(User.email == EMAIL)).one().get_auth_token())
    db.session.remove()
    tools = find_tools(settings.ffmpeg, settings.ffprobe)
    say("fetching the film (Big Buck Bunny, trailer; CC BY 3.0 Blender Foundation)")
    cache = settings.instance / "cache"
    film = make_film(fetch_film(cache), tools.ffmpeg, cache / "big-buck-bunny.mkv")
    client = Client(base, token)
    say(f"uploading {film.name} ({film.stat().st_size // 2**20} MB) in chunks, as an editor's browser does")
    job = client.upload_film(film, title_id)
    said = -1
    while True:
        state = client.job(job)
        if state["state"] == "done":
            break
        if state["state"] in ("failed", "cancelled"):
            raise DemoError(f"The film was not encoded: {state['message']}")
        percent = int(float(str(state["progress"])) * 100)
        if percent // 10 != said // 10:
            say(f"encoding: {percent} %")
            said = percent
        time.sleep(0.5)
    say(f"the film can be watched: {watch}")


def _wait_until_up(port: int, children: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if any(child.poll() is not None for child in children):
            raise DemoError("A process did not start; the lines above say why.")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise DemoError("The site did not come up within a minute.")


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
