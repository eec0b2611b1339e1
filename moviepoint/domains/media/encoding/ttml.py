"""TTML, the XML of subtitles: paragraphs with times. One that cannot be read is reported by its line; the rest stays.

Times are those of the standard: `00:01:02.5`, `00:01:02:12` (frames), `62.5s`, `1500f`, `900t`; of `dur` beside `end`
the earlier counts, and a paragraph's times are within those of its div and body. Styles are left out.
"""
from __future__ import annotations

import re
from fractions import Fraction
from xml.parsers import expat

import msgspec

from moviepoint.domains.media.encoding.harvest import MAX_LINES, Harvest, too_much
from moviepoint.kernel.sentences import sentence

_CLOCK = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9})|:(\d{1,4})(?:\.\d{1,4})?)?")
_SHORT = re.compile(r"(?:(\d{1,3}):)?(\d{1,2})(?:[.,](\d{1,9}))?")
_OFFSET = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?(h|m|s|ms|f|t)")
_SECOND = Fraction(1)
_UNITS = {"h": Fraction(3600), "m": Fraction(60), "s": _SECOND, "ms": Fraction(1, 1000)}
_LATEST = 100 * 3600 * 1000
_DEEPEST = 100
_HUGE_TAG = re.compile(r"<[^<>]{100000}")  # its attributes would be kept all at once
_TIMES_WEIGH = 10  # elements: so much longer takes one with times, and most of those are no cues in a file that is huge


class _Paragraph(msgspec.Struct):
    line: int
    start: int | None
    end: int | None
    fault: str
    text: list[str]


class _Reader:
    """Hears an XML parser; `found` is what it has understood so far.

    Namespaces are left alone: the parser would put a name's whole address, of any length, before each element's name.
    """

    def __init__(self, found: Harvest) -> None:
        self.found = found
        self._weight = 0
        self._rate = Fraction(30)
        self._units = _UNITS | {"f": 1 / self._rate, "t": _SECOND}
        self._times: list[tuple[int, int | None]] = [(0, None)]  # of each element that is open: its begin and its end
        self._open: _Paragraph | None = None
        self._inside = 0  # elements within the paragraph
        self._quiet = 0  # elements within one that is not shown: metadata
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._hear
        self.parser.buffer_text = True

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._weigh(1)
        name = name.rpartition(":")[2]
        given = {key.rpartition(":")[2]: value for key, value in attributes.items() if not key.startswith("xmlns:")}
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
                self.found.fault(done.line, done.fault)
            elif text and done.start is not None and done.end is not None:
                self.found.cue(done.start, done.end, text)

    def _weigh(self, more: int) -> None:
        self._weight += more
        if self._weight > MAX_LINES:
            raise too_much()

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
        tick = Fraction(1, int(ticks[0])) if ticks and int(ticks[0]) else 1 / self._rate if rate else _SECOND
        self._units = _UNITS | {"f": 1 / self._rate, "t": tick}

    def _span(self, given: dict[str, str]) -> tuple[int, int | None]:
        """The time of a body or a div, within that of what it lies in; one that cannot be read is as if it were not."""
        start, end, fault = self._times_of(given, whole=True)
        if fault or start is None:
            self.found.fault(self.parser.CurrentLineNumber, fault)
            return self._times[-1]
        return start, end

    def _paragraph(self, given: dict[str, str]) -> _Paragraph:
        start, end, fault = self._times_of(given, whole=False)
        return _Paragraph(self.parser.CurrentLineNumber, start, end, fault, [])

    def _times_of(self, given: dict[str, str], whole: bool) -> tuple[int | None, int | None, str]:
        """(start, end, what is wrong) of an element in milliseconds of the film; `whole` ones need no times."""
        self._weigh(_TIMES_WEIGH)
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
        time: int | None = None
        if match := _CLOCK.fullmatch(text):
            hours, minutes, whole = (int(part) for part in match.groups()[:3])
            if minutes < 60 and whole < 60:
                whole += hours * 3600 + minutes * 60
                frames = int(match[5] or 0) * self._rate.denominator
                time = (_nearest(whole * self._rate.numerator + frames, self._rate.numerator) if match[5]
                        else _decimal(whole, match[4]))
        elif match := _SHORT.fullmatch(text):
            time = _decimal(int(match[1] or 0) * 60 + int(match[2]), match[3])
        elif match := _OFFSET.fullmatch(text):
            time = _decimal(int(match[1]), match[2], self._units[match[3]])
        return None if time is None or time > _LATEST else time


def _decimal(whole: int, digits: str | None, unit: Fraction = _SECOND) -> int:
    """Milliseconds of a decimal number of units: to the nearest. Whole numbers, since a file may have many times."""
    power = 10 ** len(digits or "")
    return _nearest((whole * power + int(digits or 0)) * unit.numerator, power * unit.denominator)


def _nearest(numerator: int, denominator: int) -> int:
    """Milliseconds of a share of seconds."""
    return (2000 * numerator + denominator) // (2 * denominator)


def read(text: str, found: Harvest) -> None:
    """Find a document's paragraphs, and what is wrong by line. What comes after broken XML is lost, and that is said.

    Documents with a type or entities of their own are the caller's to refuse. Raises Refused where there is too much.
    """
    if _HUGE_TAG.search(text):
        raise too_much()
    reader = _Reader(found)
    # The text is decoded already: what its first line says of an encoding is over.
    document = re.sub(r"^\s*(<\?xml[^>]*\?>)?", lambda found: "\n" * found[0].count("\n"),
                      text.lstrip("\ufeff"), count=1)
    document = document.encode("utf-8", "replace").decode("utf-8")
    try:
        reader.parser.Parse(document, True)
    except expat.ExpatError as error:
        line = getattr(error, "lineno", None) or reader.parser.CurrentLineNumber
        said = str(error).partition(":")[0]
        found.fault(line, sentence("the rest cannot be read: %(error)s.", error=said))
