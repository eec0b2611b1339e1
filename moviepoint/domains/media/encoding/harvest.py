"""What has been read of a file of subtitles so far, and how much of it is taken.

Whoever reads one runs in a process that others wait for: more than a film can have is refused at once, and not counted.
"""
from __future__ import annotations

from collections.abc import Callable

import msgspec

from moviepoint.domains.media.encoding.cuetext import clean
from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.kernel.sentences import sentence

MAX_CUES = 50_000
MAX_FAULTS = 20  # that are said; of more, their number
MAX_TEXT = 4 * 2**20  # characters of all cues, as they came and as they are kept: a day of talk has half of that
MARK = 4  # characters more for each tag and each letter that is written by its name: those take longer
MAX_LINES = 1_000_000  # of a file, or elements of one in XML; twenty for each cue
MAX_TIMED = 2 * MAX_CUES  # cues as they come: layers of ASS say the same once more, and some say nothing


class Cue(msgspec.Struct, frozen=True):
    start_ms: int
    end_ms: int
    text: str  # safe WebVTT cue text, lines joined by \n
    settings: str = ""


def too_much() -> Refused:
    """Return what is raised where there is more than any film has."""
    return Refused("too-large", sentence("There is more in this file than the subtitles of any film."))


class Harvest:
    """Takes cues and faults from a reader; both raise Refused where there are too many."""

    def __init__(self) -> None:
        self._cues: dict[Cue, None] = {}  # each once
        self._faults: list[str] = []
        self._text = self._timed = 0

    def cue(self, start_ms: int, end_ms: int, text: str, settings: str = "",
            cleaned: Callable[[str], str] = clean) -> None:
        """Take a cue, its text as the file has it; one without text is none."""
        self._timed += 1
        if self._timed > MAX_TIMED:
            raise too_much()
        self.require_room(text)
        kept = cleaned(text)
        self._text += max(_weight(text), _weight(kept))  # what is kept is read again, and is not to be too much then
        if kept:
            self._cues[Cue(start_ms, end_ms, kept, settings)] = None
        if len(self._cues) > MAX_CUES or self._text > MAX_TEXT:
            raise too_much()

    def require_room(self, text: str) -> None:
        """Raises Refused for a text that would be too much beside what there is."""
        if self._text + _weight(text) > MAX_TEXT:
            raise too_much()

    def fault(self, line: int, said: str) -> None:
        """Take what is wrong with a line: a sentence."""
        self._faults.append(sentence("Line %(line)s: %(fault)s", line=line, fault=said))
        if len(self._faults) > MAX_CUES:
            raise too_much()

    def cues(self) -> tuple[Cue, ...]:
        """Return the cues in order of time."""
        return tuple(sorted(self._cues, key=lambda cue: (cue.start_ms, cue.end_ms)))

    def faults(self) -> tuple[str, ...]:
        """Return the first faults, and how many more there are."""
        more = len(self._faults) - MAX_FAULTS
        said = (sentence("And %(count)s more.", count=more),) if more > 0 else ()
        return (*self._faults[:MAX_FAULTS], *said)


def _weight(text: str) -> int:
    return len(text) + MARK * (text.count("<") + text.count("&"))
