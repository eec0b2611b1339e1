"""One hierarchy of errors for every edge: the site renders a page of it, the API a problem document.

Services raise these; the app has a single handler. Messages are for people and may be translated.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus


class MoviePointError(Exception):
    """Something a caller did or met that has a status and a sentence for it."""

    status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "error"

    def __init__(self, message: str = "", *, code: str = "") -> None:
        self.message = message or self.status.phrase
        if code:
            self.code = code
        super().__init__(self.message)

    def problem(self) -> dict[str, object]:
        """Return the members of an RFC 9457 problem document."""
        return {"type": "about:blank", "title": self.status.phrase, "status": int(self.status),
                "detail": str(self.message), "code": self.code}

    def headers(self) -> dict[str, str]:
        """Return the response headers that belong to this error."""
        return {}


class NotFound(MoviePointError):
    status = HTTPStatus.NOT_FOUND
    code = "not-found"


class Unauthenticated(MoviePointError):
    status = HTTPStatus.UNAUTHORIZED
    code = "unauthenticated"


class Forbidden(MoviePointError):
    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class Conflict(MoviePointError):
    """The write meets a state that somebody else has changed, or a duplicate."""

    status = HTTPStatus.CONFLICT
    code = "conflict"


class Invalid(MoviePointError):
    """Input that cannot be taken; `fields` maps a field's name to its sentences."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid"

    def __init__(self, message: str = "", *, fields: Mapping[str, Sequence[str]] | None = None, code: str = "") -> None:
        super().__init__(message, code=code)
        self.fields = {name: list(sentences) for name, sentences in (fields or {}).items()}

    def problem(self) -> dict[str, object]:
        return super().problem() | ({"errors": self.fields} if self.fields else {})


class TooLarge(MoviePointError):
    """More bytes than are taken."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too-large"


class TooMany(MoviePointError):
    """Too many requests; `retry_after` is in seconds."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too-many"

    def __init__(self, message: str = "", *, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)}


class Unavailable(MoviePointError):
    """A part that this needs is away for the moment."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"


class InsufficientStorage(MoviePointError):
    """The disk is too full to take this."""

    status = HTTPStatus.INSUFFICIENT_STORAGE
    code = "insufficient-storage"
