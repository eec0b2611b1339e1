"""An S3 server on a port of this machine: moto behind a gate that checks signatures, as real ones do and moto does not.

The gate computes each signature anew from the request by the published algorithm (AWS Signature Version 4), so that
what our library signs is judged by somebody else. It can be told to be away, and counts what it is asked.
"""
from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import WSGIRequestHandler, make_server

KEY, SECRET, REGION, NAME = "test-key", "test-secret-that-nobody-prints", "eu-test-1", "films"
Environ = dict[str, Any]


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class S3Server:
    """The server: its address, its one bucket `films`, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []  # "GET /films/key" of each request that was let through
        self.away = False
        self.cors = True
        self.ahead = 0.0  # seconds: what it takes the time to be later than it is
        self.huge: dict[str, int] = {}  # objects of zeros that only the gate knows: path and bytes
        self.refuse: Callable[[str, str], int] = lambda _method, _path: 0  # a status to answer with, by method and path
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._gate, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.empty()

    @property
    def backend(self) -> Any:
        return s3_backends["123456789012"]["aws"]

    def empty(self) -> None:
        """Begin anew, with an empty bucket."""
        self.asked.clear()
        self.away, self.cors, self.ahead, self.refuse = False, True, 0.0, lambda _method, _path: 0
        self.huge.clear()
        self.backend.reset()
        self.backend.create_bucket(NAME, REGION)

    def keys(self) -> dict[str, bytes]:
        """Return all objects of the bucket, without asking it."""
        return {key: item.value for key, item in self.backend.get_bucket(NAME).keys.items()}

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _gate(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = _Body(body)
        now = datetime.now(UTC) + timedelta(seconds=self.ahead)
        status = 503 if self.away else self.refuse(method, path) or refusal(environ, body, now)
        if status:
            code = {403: "AccessDenied", 503: "SlowDown", 404: "NoSuchKey"}.get(status, "InternalError")
            start_response(f"{status} X", [("Content-Type", "application/xml")])
            return [f"<Error><Code>{code}</Code></Error>".encode()]
        self.asked.append(f"{method} {path}")
        if path in self.huge:
            return zeros(environ, self.huge[path], start_response)
        return self._moto(environ, start_response if self.cors else _without_cors(start_response))


class _Body:
    """A request's body, read once more."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int = -1) -> bytes:
        size = len(self._data) if size is None or size < 0 else size
        data, self._data = self._data[:size], self._data[size:]
        return data

    def readline(self, size: int = -1) -> bytes:
        line = self._data.partition(b"\n")[0] + b"\n" if b"\n" in self._data else self._data
        self._data = self._data[len(line):]
        return line


def refusal(environ: Environ, body: bytes, now: datetime) -> int:
    """Return 403 for a request that is not signed, is signed by somebody else, or too old; else 0."""
    if environ["REQUEST_METHOD"] == "OPTIONS":
        return 0
    raw, _, query = environ.get("RAW_URI", environ["REQUEST_URI"]).partition("?")
    fields = parse_qsl(query, keep_blank_values=True)
    asked, header = dict(fields), environ.get("HTTP_AUTHORIZATION", "")
    if "X-Amz-Signature" in asked:
        given, names, credential = asked["X-Amz-Signature"], asked["X-Amz-SignedHeaders"], asked["X-Amz-Credential"]
        moment, digest = asked["X-Amz-Date"], "UNSIGNED-PAYLOAD"
        ends = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) + timedelta(
            seconds=int(asked["X-Amz-Expires"]))
        if now > ends:
            return 403
        fields = [(name, value) for name, value in fields if name != "X-Amz-Signature"]
    elif header.startswith("AWS4-HMAC-SHA256 "):
        parts = dict(part.strip().split("=", 1) for part in header.removeprefix("AWS4-HMAC-SHA256 ").split(","))
        given, names, credential = parts["Signature"], parts["SignedHeaders"], parts["Credential"]
        moment, digest = environ["HTTP_X_AMZ_DATE"], environ["HTTP_X_AMZ_CONTENT_SHA256"]
        if digest not in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()):
            return 403
    else:
        return 403
    key, day, region, service, _end = credential.split("/")
    line = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in sorted(fields))
    headers = "".join(f"{name}:{_header(environ, name)}\n" for name in names.split(";"))
    canonical = "\n".join((environ["REQUEST_METHOD"], raw, line, headers, names, digest))
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    secret = f"AWS4{SECRET}".encode()
    for part in (day, region, service, "aws4_request"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    right = hmac.new(secret, text.encode(), "sha256").hexdigest()
    return 0 if key == KEY and region == REGION and hmac.compare_digest(right, given) else 403


def zeros(environ: Environ, size: int, start_response: Any) -> Iterable[bytes]:
    """Answer a request for a range of an object of zeros."""
    start, end = (int(number) for number in environ["HTTP_RANGE"].removeprefix("bytes=").split("-"))
    start_response("206 Partial Content", [
        ("Content-Length", str(end - start + 1)), ("Content-Range", f"bytes {start}-{end}/{size}"),
        ("Last-Modified", "Thu, 26 Nov 2026 12:00:00 GMT"), ("ETag", '"tag"')])
    return [bytes(end - start + 1)]


def _without_cors(start_response: Any) -> Any:
    """Return a `start_response` that lets no page of another site read the answer."""
    def answer(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        kept = [(name, value) for name, value in headers if not name.lower().startswith("access-control-")]
        return start_response(status, kept, *more)

    return answer


def _header(environ: Environ, name: str) -> str:
    variable = name.upper().replace("-", "_")
    return " ".join(str(environ.get(f"HTTP_{variable}", environ.get(variable, ""))).split())


@contextmanager
def s3_server() -> Iterator[S3Server]:
    server = S3Server()
    try:
        yield server
    finally:
        server.stop()


def bucket_settings(server: S3Server, **more: object) -> dict[str, object]:
    """Return the settings of a site that keeps its films there."""
    return {"s3_bucket": NAME, "s3_endpoint": server.url, "s3_region": REGION, "s3_access_key": KEY,
            "s3_secret_key": SECRET} | more
