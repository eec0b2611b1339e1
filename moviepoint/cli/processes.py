"""The processes of a site: web, worker, and both together."""
from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import structlog
from flask import Flask, current_app
from gunicorn.app.base import BaseApplication

from moviepoint.app import create_app
from moviepoint.cli.check import database_fault, proxy_faults, sandbox_notes
from moviepoint.domains.media import seats
from moviepoint.domains.media.encoding.child import find_sandbox
from moviepoint.kernel.tasks import EXTENSION as TASKS
from moviepoint.kernel.tasks import run_worker
from moviepoint.settings import PROJECT_ROOT, Settings

log = structlog.get_logger(__name__)
MANAGE = PROJECT_ROOT / "manage.py"
PR_SET_PDEATHSIG = 1
STOP_SECONDS = 20.0


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with threads: a slow viewer holds a thread, not a process."""

    def __init__(self, host: str, port: int, workers: int, threads: int, reload: bool) -> None:
        self.wanted: dict[str, Any] = {
            "bind": f"{host}:{port}", "workers": workers, "threads": threads, "worker_class": "gthread",
            "reload": reload, "timeout": 120, "graceful_timeout": 15, "keepalive": 15,
            "accesslog": None, "errorlog": "-", "loglevel": "warning", "proc_name": "moviepoint"}
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.wanted.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        app = create_app()
        seats.limit(app, self.wanted["threads"])
        return app


def _settings() -> Settings:
    settings: Settings = current_app.extensions["moviepoint.settings"]
    return settings


def _require_database() -> None:
    if fault := database_fault():
        raise click.ClickException(f"{fault.problem} {fault.remedy}")


@click.command("web")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=2, show_default=True, help="Processes.")
@click.option("--threads", default=64, show_default=True,
              help="Threads a process; media has `media_streams` of them at most, pages a quarter at least.")
@click.option("--reload", is_flag=True, help="Restart when the code changes.")
def web(host: str, port: int, workers: int, threads: int, reload: bool) -> None:
    """Serve the site, the back office, the API and the media."""
    _require_database()
    if not port_is_free(host, port):
        raise click.ClickException(f"Port {port} is taken. Stop what listens there, or choose another with --port.")
    say_what_holds(settings := _settings(), workers * seats.count(settings, threads))
    Server(host, port, workers, threads, reload).run()


def say_what_holds(settings: Settings, viewers: int) -> None:
    """Say what this site can do as it stands, and where a proxy in front lets less through than it sends."""
    if not settings.accelerate:
        click.echo(f"Media for up to {viewers} viewers at once; anything public gets nginx or S3 "
                   "(docs/operators/media.md).")
    for fault in proxy_faults(settings):
        log.warning("a proxy's limit is below ours", setting=fault.name, problem=fault.problem, remedy=fault.remedy)
        click.echo(f"! {fault.name}: {fault.problem} {fault.remedy}", err=True)


@click.command("worker")
def worker() -> None:
    """Run background tasks: encoding, indexing, mail."""
    _require_database()
    settings = _settings()
    with _roll_call(settings.instance / "worker.lock") as alone:
        if not alone:
            click.echo("Another worker is at work on this instance already. Both share the work; "
                       f"{settings.encode_slots} heavy step(s) at a time on this machine, as set by encode_slots.",
                       err=True)
        for note in sandbox_notes(find_sandbox()):
            log.warning("children have the network")
            click.echo(f"! {note}", err=True)
        threads = max(settings.worker_threads, settings.encode_slots + 2)  # quick tasks never wait for heavy ones
        run_worker(current_app.extensions[TASKS], threads, settings.drain_seconds)


@contextmanager
def _roll_call(path: Path) -> Iterator[bool]:
    """Say whether this is the instance's only worker, by a lock that the kernel frees however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        alone = True
    except BlockingIOError:
        alone = False
    try:
        yield alone
    finally:
        os.close(descriptor)


@click.command("run")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--reload/--no-reload", default=True, show_default=True, help="Restart both when the code changes.")
def run(host: str, port: int, reload: bool) -> None:
    """Serve the site with a worker beside it, for development and small sites."""
    _require_database()
    options = ["--host", host, "--port", str(port), *(["--reload"] if reload else [])]
    click.echo(f"http://{host}:{port}/  (back office: http://{host}:{port}/admin/)")
    supervise([["web", *options], ["worker"]], watch=reload)


def supervise(commands: list[list[str]], environ: dict[str, str] | None = None, watch: bool = False) -> None:
    """Keep processes of `./manage.py` running until this one is told to stop; restart one that ends by itself.

    With `watch` the last of them, which cannot watch the code itself, is restarted when it changes.
    """
    children = [start(command, environ) for command in commands]
    signal.signal(signal.SIGTERM, _interrupt)
    seen = _newest_change() if watch else 0.0
    try:
        while True:
            time.sleep(1)
            if watch and (newest := _newest_change()) > seen:
                seen = newest
                stop(children[-1:])
            for place, child in enumerate(children):
                if child.poll() is None:
                    continue
                if place == 0 and not watch:
                    raise click.ClickException("The web process has ended; the lines above say why.")
                children[place] = start(commands[place], environ)
    except KeyboardInterrupt:
        click.echo("Stopping …", err=True)
    finally:
        stop(children)


def start(command: list[str], environ: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start `./manage.py COMMAND` as a child that ends with this process."""
    return subprocess.Popen([sys.executable, "-m", "moviepoint.cli", *command], cwd=PROJECT_ROOT,
                            env=environ, start_new_session=True, preexec_fn=_die_with_parent)


def stop(children: list[subprocess.Popen[bytes]]) -> None:
    """Ask children to end, and kill those that do not within twenty seconds."""
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def port_is_free(host: str, port: int) -> bool:
    """Say whether one can listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _interrupt(_signal: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def _newest_change() -> float:
    settings = _settings()
    folders = (PROJECT_ROOT / "moviepoint", settings.plugins_dir)
    return max((path.stat().st_mtime for folder in folders for path in folder.rglob("*.py")), default=0.0)
