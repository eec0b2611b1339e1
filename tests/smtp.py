"""A real mail server for tests, and fixtures that have the site use it."""
from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import msgspec
import pytest
from aiosmtpd.controller import Controller

from moviepoint.app import MoviePoint


class Inbox:
    """Takes what a mail client sends; `answer` is what it says to it, `refused` are addresses it will never take."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.envelopes: list[list[str]] = []
        self.answer = "250 OK"
        self.refused: set[str] = set()

    async def handle_RCPT(self, _server: object, _session: object, envelope: Any, address: str,
                          _options: object) -> str:
        if address in self.refused:
            return "550 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.raw.append(envelope.content)
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
            self.envelopes.append(envelope.rcpt_tos)
        return self.answer

    def texts(self) -> list[str]:
        """Return the text and the HTML of the last mail."""
        return [part.get_content() for part in self.mails[-1].walk() if part.get_content_maintype() == "text"]


@contextmanager
def mail_server(app: MoviePoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """Run a mail server, and have the site use it under a public address of its own."""
    handler = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setitem(app.extensions, "moviepoint.settings", msgspec.structs.replace(
        app.extensions["moviepoint.settings"], mail_server="127.0.0.1", base_url="https://films.example.org/"))
    monkeypatch.setattr(app.extensions["mail"], "server", "127.0.0.1")
    monkeypatch.setattr(app.extensions["mail"], "port", port)
    monkeypatch.setattr(app.extensions["mail"], "suppress", False)
    yield handler
    controller.stop()
