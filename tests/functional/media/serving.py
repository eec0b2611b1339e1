"""A site as operators run it: gunicorn by `manage.py web`, and nginx in front with the configuration that we ship."""
from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from moviepoint.domains.accounts import tokens
from moviepoint.domains.accounts.services import create_user
from moviepoint.kernel.db import unit_of_work
from moviepoint.settings import PROJECT_ROOT
from tests.functional.media.house import House

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
CONFIGURATION = PROJECT_ROOT / "docs/operators/nginx.conf"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_listening(port: int, process: subprocess.Popen[bytes], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"the server has ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("the server does not listen")


class Gunicorn:
    """The web process of a house; it can be killed and started again on the same port."""

    def __init__(self, house: House, **settings: str) -> None:
        self.output = house.settings.instance / "web.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith("MOVIEPOINT_")}
        self._environ |= {
            "MOVIEPOINT_INSTANCE": str(house.settings.instance), "MOVIEPOINT_SECRET_KEY": house.settings.secret_key,
            "MOVIEPOINT_PLUGINS": "", "MOVIEPOINT_RATE_LIMITS": "false",
            **{f"MOVIEPOINT_{name.upper()}": value for name, value in settings.items()}}
        self.process: subprocess.Popen[bytes]
        self.start()

    def start(self) -> None:
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "moviepoint.cli", "web", "--port", str(self.port), "--workers", "1", "--threads",
                 "24"], cwd=PROJECT_ROOT, env=self._environ, start_new_session=True, stdout=output,
                stderr=subprocess.STDOUT)
        wait_until_listening(self.port, self.process)

    def kill(self) -> None:
        """End the server and its workers as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def memory(self) -> int:
        """Return the bytes that its largest process has in memory by itself."""
        return max(anonymous(pid) for pid in (self.process.pid, *children(self.process.pid)))


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def anonymous(pid: int) -> int:
    found = re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


@contextmanager
def gunicorn(house: House, **settings: str) -> Iterator[Gunicorn]:
    server = Gunicorn(house, **settings)
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def nginx(server: Gunicorn, house: House, folder: Path, body: str = "0") -> Iterator[str]:
    """Run nginx with the shipped configuration before a server; gives its address. `body`: what a request may have."""
    if NGINX is None:
        pytest.skip("nginx is not installed (apt-get install nginx)")
    port = free_port()
    text = CONFIGURATION.read_text(encoding="utf-8")
    for ours, theirs in (("127.0.0.1:8000", f"127.0.0.1:{server.port}"), ("listen 80", f"listen 127.0.0.1:{port}"),
                         ("/srv/moviepoint/instance/media", str(house.settings.media_path)),
                         ("client_max_body_size 0;", f"client_max_body_size {body};")):
        assert text.count(ours) == 1, ours
        text = text.replace(ours, theirs)
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;\n" if os.geteuid() == 0 else ""  # what pytest makes is open to its own user alone
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\n{temporary}{text}\n}}\n")
    process = subprocess.Popen([NGINX, "-e", str(folder / "error.log"), "-p", str(folder), "-c",
                                str(folder / "nginx.conf")], start_new_session=True)
    try:
        wait_until_listening(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def raw_get(url: str, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    """Ask for a path exactly as it is written: no client tidies it up. Returns status, body, headers."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    try:
        connection._validate_path = lambda _url: None  # type: ignore[attr-defined]
        connection._encode_request = lambda request: request.encode("utf-8")  # type: ignore[attr-defined]
        connection.putrequest("GET", path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def make_token(house: House, *roles: str) -> tuple[int, str]:
    """Make a user with the roles named; returns its id, and a token that uploads and manages media."""
    hooks = house.app.extensions["moviepoint.hooks"]
    with unit_of_work() as session:
        user = create_user(session, f"{'-'.join(roles)}@example.org", "unused", roles)
        session.flush()
        known = hooks.collect("register_permissions")
        scopes = [scope for scope in ("media.upload", "media.manage") if user.may(scope)]
        _row, secret = tokens.create(session, user, known, house.settings.locales, name="test", days=1, scopes=scopes)
        return user.id, secret


