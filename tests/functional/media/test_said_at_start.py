"""What the processes of a site say when they start: limits, a proxy that takes less, children with the network."""
from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from moviepoint.app import MoviePoint
from moviepoint.cli import processes
from moviepoint.cli.check import sandbox_notes
from moviepoint.domains.media.encoding.child import Sandbox
from tests.functional.media.serving import free_port


class Narrow(BaseHTTPRequestHandler):
    """A proxy that takes no chunk of an upload."""

    def do_PATCH(self) -> None:
        self.send_response(413)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def narrow_proxy() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Narrow)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Started:
    servers: list[object] = field(default_factory=list)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """Keeps servers and workers from running; the databases of tests are up to date."""
    found = Started()
    monkeypatch.setattr(processes, "_require_database", lambda: None)
    monkeypatch.setattr(processes.Server, "run", lambda self: found.servers.append(self))
    monkeypatch.setattr(processes, "run_worker", lambda *arguments: found.servers.append(arguments))
    return found


def say(app: MoviePoint, command: str, *options: str) -> str:
    with app.app_context():
        result = CliRunner().invoke(getattr(processes, command), options)
    assert result.exit_code == 0, result.output
    return result.output


def test_web_says_when_a_proxy_takes_less_than_a_chunk(app: MoviePoint, started: Started, narrow_proxy: str,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(app.extensions["moviepoint.settings"], base_url=narrow_proxy)
    monkeypatch.setitem(app.extensions, "moviepoint.settings", settings)
    text = say(app, "web", "--port", str(free_port()), "--workers", "3", "--threads", "8")
    line = next(line for line in text.splitlines() if line.startswith("! "))
    assert "upload_chunk_bytes" in line
    assert narrow_proxy in line
    assert "client_max_body_size" in line
    assert "Media for up to 18 viewers at once; anything public gets nginx" in text  # six in each of three processes
    assert len(started.servers) == 1


def test_web_says_nothing_where_nothing_is_wrong(app: MoviePoint, started: Started,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(app.extensions["moviepoint.settings"], accelerate="/media-files/",
                       base_url="http://127.0.0.1:9")
    monkeypatch.setitem(app.extensions, "moviepoint.settings", settings)
    text = say(app, "web", "--port", str(free_port()))
    assert "viewers" not in text
    assert "!" not in text


@pytest.mark.parametrize(("sandbox", "said"), [
    (Sandbox(), True), (Sandbox(prlimit="/usr/bin/prlimit"), True), (Sandbox(bubblewrap="/usr/bin/bwrap"), False),
    (Sandbox(no_network=("unshare", "--net")), False)])
def test_a_worker_and_the_check_say_when_children_have_the_network(
        app: MoviePoint, started: Started, sandbox: Sandbox, said: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = ("Programs that read uploads have the network here, since neither bubblewrap nor unshare works: "
                "apt-get install bubblewrap, and in a container let it make namespaces (docs/operators/media.md).")
    assert sandbox_notes(sandbox) == ([sentence] if said else [])
    monkeypatch.setattr(processes, "find_sandbox", lambda: sandbox)
    assert (sentence in say(app, "worker")) is said
