"""What can go wrong while a film is encoded, sorted by what is to be done about it."""
from __future__ import annotations

from moviepoint.kernel.sentences import sentence


class EncodingError(Exception):
    """A stable `code` for machines and a sentence for the editor."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


class Refused(EncodingError):
    """The source itself cannot be used; trying again would not help."""


class Temporary(EncodingError):
    """Something around the source was in the way; trying again may help."""


class Blocked(EncodingError):
    """The place where files lie cannot be used for now; the job waits until it can, and loses nothing."""


class DiskFull(Blocked):
    """There is no room; the job waits until there is."""

    def __init__(self, message: str = "") -> None:
        super().__init__("disk-full", message or sentence(
            "The disk is full. The job goes on by itself when there is room again."))


class Stopped(EncodingError):
    """The work was called off (cancelled, or the lease was lost): no fault of the source."""

    def __init__(self, message: str = "The work was called off.") -> None:
        super().__init__("stopped", message)
