"""Servers that benchmarks compare: run by gunicorn in the same way, and what they cost as the kernel counts it."""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Engine, event

from moviepoint.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
SECRET = "benchmark" * 6
WORKERS, THREADS = 2, 4
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def folder_of(keep: Path | None) -> Iterator[Path]:
    """Give the folder to keep, or one that goes with the block."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="moviepoint-bench-") as folder:
        yield Path(folder)


def environment_of_its_own(work: Path, *packages: str) -> Path:
    """Return the Python of an environment in the folder, with gunicorn and the packages; it is made once."""
    if not (work / "venv").exists():
        say(f"installing {' '.join(packages)}")
        venv.create(work / "venv", with_pip=True)
        subprocess.run([str(work / "venv/bin/pip"), "install", "-q", "--disable-pip-version-check", *packages,
                        f"gunicorn=={version('gunicorn')}"], check=True)
    return work / "venv/bin/python"


def our_settings(work: Path) -> Settings:
    """Return the settings of our side, as `our_environment` says them to a server."""
    return Settings(instance=work / "instance", secret_key=SECRET, rate_limits=False, plugins=())


def our_environment(work: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "MOVIEPOINT_INSTANCE": str(work / "instance"),
            "MOVIEPOINT_SECRET_KEY": SECRET, "MOVIEPOINT_RATE_LIMITS": "false", "MOVIEPOINT_PLUGINS": ""}


def their_environment(work: Path) -> dict[str, str]:
    """Return the environment of a site that lies beside the benchmarks."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "benchmarks"), "BENCHMARK_DATABASE": str(work / "their.sqlite3")}


def gunicorn(port: int, app: str, python: Path | str = sys.executable) -> list[str]:
    return [str(python), "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "--threads",
            str(THREADS), "--worker-class", "gthread", "--log-level", "warning", app]


@contextmanager
def served(port: int, command: list[str], environment: dict[str, str]) -> Iterator[int]:
    """Run a server until the block ends; gives its process id once it answers."""
    process = subprocess.Popen(command, cwd=ROOT / "benchmarks", env=environment)
    try:
        for _ in range(120):
            time.sleep(0.5)
            try:
                ask(port, "/")
                break
            except OSError:
                continue
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def ask(port: int, path: str) -> None:
    """Ask for a page, and wait for the answer: a server takes requests before there is anybody to answer them."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    connection.getresponse().read()
    connection.close()


def warm(port: int, paths: Iterable[str]) -> None:
    """Ask for pages so often that each worker has answered each of them: what is measured is a site that is up."""
    for path in paths:
        for _ in range(4 * WORKERS):
            ask(port, path)


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a server's processes so far."""
    total = 0
    for process in (pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())):
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


@contextmanager
def counting() -> Iterator[list[str]]:
    """Collect the statements that this process sends to a database, without those that begin a transaction."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def expect(answer: tuple[int, str], status: int, page: str) -> None:
    """Stop the benchmark when a page did not answer as it should."""
    if answer[0] != status:
        raise SystemExit(f"{page}: {answer[0]} instead of {status}\n{answer[1][:3000]}")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
