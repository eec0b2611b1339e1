"""A small client of the API: uploads by tus and follows a job, as the back office's page does."""
from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = 4 * 2**20  # bytes
SECONDS = 60


class UploadFailed(Exception):
    """The server did not take it; the message is the server's."""


class Client:
    """Speaks to a MoviePoint at `base` with an editor's token."""

    def __init__(self, base: str, token: str) -> None:
        self.base = base
        self.token = token

    def upload_film(self, film: Path, title_id: int) -> int:
        """Upload a film for a title; returns the id of the job that encodes it."""
        edition = self._json("POST", "/api/v1/editions", {"title_id": title_id})["id"]
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}"
                            for key, value in (("filename", film.name), ("edition", edition)))
        answer = self._send("POST", "/api/v1/uploads", None, TUS | {
            "Upload-Length": str(film.stat().st_size), "Upload-Metadata": metadata})
        address = answer[1]["Location"].removeprefix(self.base)
        offset = 0
        with film.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                answer = self._send("PATCH", address, chunk, TUS | {
                    "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"})
                offset = int(answer[1]["Upload-Offset"])
        jobs = self._json("GET", "/api/v1/jobs?page_size=1")["results"]
        return int(jobs[0]["id"])

    def job(self, job_id: int) -> dict[str, Any]:
        """Return what the API says of a job."""
        return self._json("GET", f"/api/v1/jobs/{job_id}")

    def _json(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        answer: dict[str, Any] = json.loads(self._send(method, path, data, {"Content-Type": "application/json"})[0])
        return answer

    def _send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> tuple[bytes, Any]:
        request = urllib.request.Request(  # noqa: S310 -- our own server
            self.base + path, data, {**headers, "Authentication-Token": self.token},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310
                return response.read(), response.headers
        except urllib.error.HTTPError as error:
            raise UploadFailed(f"{method} {path}: {error.code} {error.read().decode(errors='replace')[:500]}") from None
