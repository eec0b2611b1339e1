"""TTML, the XML of subtitles: paragraphs with times. One that cannot be read is reported by its line; the rest stays.

Times are those of the standard: `00:01:02.5`, `00:01:02:12` (frames), `62.5s`, `1500f`, `900t`; of `dur` beside `end`
the earlier counts, and a paragraph's times are within those of its div and body. Styles are left out.
"""
from __future__ import annotations

import re
from fractions import Fraction
from xml.parsers import expat

import msgspec

from moviepoint.kernel.sentences import sentence

Event = tuple[int, int, str]  # the milliseconds of its start and end, and its text, escaped as in a page
_CLOCK = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9})|:(\d{1,4})(?:\.\d{1,4})?)?")
_SHORT = re.compile(r"(?:(\d{1,3}):)?(\d{1,2})(?:[.,](\d{1,9}))?")
_OFFSET = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?(h|m|s|ms|f|t)")
_LATEST = 100 * 3600 * 1000
_DEEPEST = 100


class _Paragraph(msgspec.Struct):
    line: int
    start: int | None
    end: int | None
    fault: str
    text: list[str]


class _Reader:
    """Hears an XML parser; `events` and `faults` are what it has understood so far."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.faults: list[tuple[int, str]] = []  # of a line
        self._rate, self._ticks = Fraction(30), Fraction(0)
        self._times: list[tuple[int, int | None]] = [(0, None)]  # of each element that is open: its begin and its end
        self._open: _Paragraph | None = None
        self._inside = 0  # elements within the paragraph
        self._quiet = 0  # elements within one that is not shown: metadata
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._hear
        self.parser.buffer_text = True

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition("}")[2]
        given = {key.rpartition("}")[2]: value for key, value in attributes.items()}
        if self._open is not None:
            self._inside += 1
            self._quiet += bool(self._quiet or name == "metadata")
            if name == "br" and not self._quiet:
                self._open.text.append("\n")
            return
        if len(self._times) > _DEEPEST:
            raise expat.ExpatError(sentence("elements lie too deep in each other"))
        if name == "tt":
            self._grid(given)
        if name == "p":
            self._open = self._paragraph(given)
        else:
            self._times.append(self._span(given) if name in ("body", "div") else self._times[-1])

    def _end(self, name: str) -> None:
        if self._open is None:
            self._times.pop()
        elif self._inside:
            self._inside -= 1
            self._quiet = max(0, self._quiet - 1)
        else:
            done, self._open = self._open, None
            text = "\n".join(" ".join(line.split()) for line in "".join(done.text).split("\n")).strip()
            if done.fault:
                self.faults.append((done.line, done.fault))
            elif text and done.start is not None and done.end is not None:
                self.events.append((done.start, done.end, text))

    def _hear(self, text: str) -> None:
        if self._open is not None and not self._quiet:
            text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            self._open.text.append(re.sub(r"\s+", " ", text))

    def _grid(self, given: dict[str, str]) -> None:
        """Read how long a frame and a tick are; what cannot be read leaves the standard's own."""
        rate = re.fullmatch(r"\d{1,4}", given.get("frameRate", ""))
        multiplier = re.fullmatch(r"(\d{1,6})[ :](\d{1,6})", given.get("frameRateMultiplier", ""))
        ticks = re.fullmatch(r"\d{1,10}", given.get("tickRate", ""))
        self._rate = Fraction(int(rate[0])) if rate and int(rate[0]) else Fraction(30)
        if multiplier and int(multiplier[1]) and int(multiplier[2]):
            self._rate *= Fraction(int(multiplier[1]), int(multiplier[2]))
        self._ticks = Fraction(int(ticks[0])) if ticks and int(ticks[0]) else self._rate if rate else Fraction(1)

    def _span(self, given: dict[str, str]) -> tuple[int, int | None]:
        """The time of a body or a div, within that of what it lies in; one that cannot be read is as if it were not."""
        start, end, fault = self._times_of(given, whole=True)
        if fault or start is None:
            self.faults.append((self.parser.CurrentLineNumber, fault))
            return self._times[-1]
        return start, end

    def _paragraph(self, given: dict[str, str]) -> _Paragraph:
        start, end, fault = self._times_of(given, whole=False)
        return _Paragraph(self.parser.CurrentLineNumber, start, end, fault, [])

    def _times_of(self, given: dict[str, str], whole: bool) -> tuple[int | None, int | None, str]:
        """(start, end, what is wrong) of an element in milliseconds of the film; `whole` ones need no times."""
        base, last = self._times[-1]
        read: dict[str, int] = {}
        for name in ("begin", "end", "dur", "duration"):
            if name in given:
                time = self._time(given[name].strip())
                if time is None:
                    return None, None, sentence("the time cannot be read: %(time)s.", time=repr(given[name][:60]))
                read[name] = time
        start = base + read.get("begin", 0)
        ends = [base + read["end"]] if "end" in read else []
        ends += [start + read[name] for name in ("dur", "duration") if name in read]
        ends += [last] if last is not None else []
        if not ends and not whole:
            return None, None, sentence("a cue without a time.")
        end = min(ends) if ends else None
        if end is not None and end <= start:
            return None, None, sentence("the cue ends before it begins.")
        return start, end, ""

    def _time(self, text: str) -> int | None:
        """Milliseconds of a time expression; None for what is none, or later than any film."""
        seconds: Fraction | None = None
        if match := _CLOCK.fullmatch(text):
            hours, minutes, whole = (int(part) for part in match.groups()[:3])
            if minutes < 60 and whole < 60:
                seconds = Fraction(hours * 3600 + minutes * 60 + whole) + _share(match[4])
                seconds += Fraction(int(match[5])) / self._rate if match[5] else 0
        elif match := _SHORT.fullmatch(text):
            seconds = Fraction(int(match[1] or 0) * 60 + int(match[2])) + _share(match[3])
        elif match := _OFFSET.fullmatch(text):
            unit = {"h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000),
                    "f": 1 / self._rate, "t": 1 / (self._ticks or Fraction(1))}[match[3]]
            seconds = (int(match[1]) + _share(match[2])) * unit
        if seconds is None or seconds * 1000 > _LATEST:
            return None
        return round(seconds * 1000)


def _share(digits: str | None) -> Fraction:
    return Fraction(int(digits), 10 ** len(digits)) if digits else Fraction(0)


def read(text: str) -> tuple[list[Event], list[tuple[int, str]]]:
    """Return a document's paragraphs, and what is wrong by line. What comes after broken XML is lost, and that is said.

    Documents with a type or entities of their own are the caller's to refuse.
    """
    reader = _Reader()
    # The text is decoded already: what its first line says of an encoding is over.
    document = re.sub(r"^\s*(<\?xml[^>]*\?>)?", lambda found: "\n" * found[0].count("\n"),
                      text.lstrip("\ufeff"), count=1)
    document = document.encode("utf-8", "replace").decode("utf-8")
    try:
        reader.parser.Parse(document, True)
    except expat.ExpatError as error:
        line = getattr(error, "lineno", None) or reader.parser.CurrentLineNumber
        said = str(error).partition(":")[0]
        reader.faults.append((line, sentence("the rest cannot be read: %(error)s.", error=said)))
    return reader.events, reader.faults
