"""What a large upload costs the web process: ten gigabytes of holes by tus, through gunicorn.

    python benchmarks/uploads.py [--gib 10] [--chunk-mib 64]

The server is that of `manage.py web`, with one worker; the client speaks plain HTTP and sends zeros. Memory is what the
process has by itself (RssAnon), before the first chunk, at its highest, and at the end. The last line is JSON.
"""
from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from moviepoint.app import create_app
from moviepoint.domains.accounts import tokens
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media.models import Edition
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.settings import PROJECT_ROOT, Settings

MIB = 2**20
SECRET = "b" * 48
TUS = {"Tus-Resumable": "1.0.0"}


def main() -> None:
    """Send a file and print what it cost; the figures as JSON on the last line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gib", type=float, default=10)
    parser.add_argument("--chunk-mib", type=int, default=64)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="moviepoint-bench-") as folder:
        token, edition = prepare(Path(folder))
        with serving(Path(folder)) as (port, pid):
            figures = send(port, pid, token, edition, int(options.gib * 1024) * MIB, options.chunk_mib * MIB)
    print(f"{options.gib:g} GiB in chunks of {options.chunk_mib} MiB")
    for name, value in figures.items():
        print(f"{name:<24} {value:>10}")
    print(json.dumps(figures))


def prepare(instance: Path) -> tuple[str, str]:
    """Make a site with an editor and an edition; returns the editor's token, and the edition's id."""
    app = create_app(Settings(instance=instance, secret_key=SECRET, plugins=()))
    with app.app_context():
        upgrade_all()
        db.session.remove()
        known = app.extensions["moviepoint.hooks"].collect("register_permissions")
        with unit_of_work() as session:
            user = create_user(session, "bench@example.org", "unused", ("editor",))
            title = Title(kind="film", slug="bench", original_title="Bench")
            session.add(title)
            session.flush()
            edition = Edition(title_id=title.id)
            session.add(edition)
            session.flush()
            _row, secret = tokens.create(session, user, known, (), name="bench", days=1, scopes=["media.upload"])
            public = edition.public_id
        db.session.remove()
        db.engine.dispose()
    return secret, public


@contextmanager
def serving(instance: Path) -> Iterator[tuple[int, int]]:
    """Run the web process; gives its port, and the process that answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MOVIEPOINT_")}
    environ |= {"MOVIEPOINT_INSTANCE": str(instance), "MOVIEPOINT_SECRET_KEY": SECRET, "MOVIEPOINT_PLUGINS": "",
                "MOVIEPOINT_RATE_LIMITS": "false"}
    process = subprocess.Popen([sys.executable, "-m", "moviepoint.cli", "web", "--port", str(port), "--workers", "1"],
                               cwd=PROJECT_ROOT, env=environ, start_new_session=True)
    try:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        answer(port, "GET", "/en/", {})
        yield port, int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def send(port: int, pid: int, token: str, edition: str, size: int, chunk: int) -> dict[str, float]:
    """Send a file of zeros; returns the figures."""
    signed = TUS | {"Authorization": f"Bearer {token}"}
    made = answer(port, "POST", "/api/v1/uploads", signed | {
        "Upload-Length": str(size), "Upload-Metadata": f"edition {b64(edition)},filename {b64('film.mkv')}"})
    path = "/" + made["location"].split("/", 3)[3]
    zeros, offset = bytes(chunk), 0
    before = highest = memory(pid)
    begun = time.monotonic()
    while offset < size - 1:  # all but the last byte, so that the last request is nothing but the end
        part = memoryview(zeros)[:min(chunk, size - 1 - offset)]
        answer(port, "PATCH", path, signed | chunk_headers(offset), part)
        offset += len(part)
        highest = max(highest, memory(pid))
    seconds = time.monotonic() - begun
    last = time.monotonic()
    answer(port, "PATCH", path, signed | chunk_headers(offset), b"\0")
    finish = time.monotonic() - last
    return {"memory_before_mib": round(before / MIB, 1), "memory_growth_mib": round((highest - before) / MIB, 1),
            "memory_end_growth_mib": round((memory(pid) - before) / MIB, 1),
            "mib_a_second": round(size / MIB / seconds), "finish_ms": round(finish * 1000)}


def chunk_headers(offset: int) -> dict[str, str]:
    return {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def answer(port: int, method: str, path: str, headers: dict[str, str],
           body: bytes | memoryview = b"") -> dict[str, str]:
    """Send a request; returns the headers of the answer. Raises RuntimeError for a refusal."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path, body=body, headers=headers)
    given = connection.getresponse()
    text = given.read()
    connection.close()
    if given.status >= 400:
        raise RuntimeError(f"{given.status}: {text[:200]!r}")
    return {name.lower(): value for name, value in given.getheaders()}


def memory(pid: int) -> int:
    found = re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    main()
