"""The edition page's forms: from flat fields to inputs, and back to rows that the page shows."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from moviepoint.domains.media.documents import stamp
from moviepoint.domains.media.schemas import MarkInput, TrackInput
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.admin.forms import parse

TABLES = ("audio", "subtitles")
LABEL = "label_"  # begins the name of a field that holds a label for one locale: `label_pt_BR`
TIME = re.compile(r"(?:([0-9]{1,2}):)?([0-5]?[0-9]):([0-5][0-9])(?:[.,]([0-9]{1,3}))?")


def read_track(row: Mapping[str, str]) -> TrackInput:
    """Return a track from a row of the form. Raises Invalid that names the field."""
    labels = {name.removeprefix(LABEL).replace("_", "-"): text for name, text in row.items() if name.startswith(LABEL)}
    fields = {name: text for name, text in row.items() if not name.startswith(LABEL)}
    return parse(TrackInput, {**fields, "labels": labels, "offset_ms": row.get("offset_ms") or 0,
                              "default": row.get("default") == "1", "hidden": row.get("hidden") == "1"})


def shown_tracks(rows: Iterable[Mapping[str, Any]], locales: Iterable[str]) -> list[dict[str, Any]]:
    """Return tracks as the form's rows, with a label for each locale of the site and each that is there."""
    shown = []
    for row in rows:
        labels = row.get("labels")
        if labels is None:  # as it was typed
            labels = {name.removeprefix(LABEL).replace("_", "-"): text for name, text in row.items()
                      if name.startswith(LABEL)}
        wanted = dict.fromkeys((*locales, *labels))
        shown.append({**row, "labels": {locale: labels.get(locale, "") for locale in wanted}})
    return shown


def moved(tables: dict[str, list[dict[str, str]]], move: str) -> None:
    """Carry out `audio-1-up` on typed rows; what cannot be done changes nothing."""
    match = re.fullmatch(r"(audio|subtitles)-([0-9]{1,5})-(up|down)", move)
    if match is None:
        return
    table, place = tables[match[1]], int(match[2])
    other = place + (-1 if match[3] == "up" else 1)
    if 0 <= place < len(table) and 0 <= other < len(table):
        table[place], table[other] = table[other], table[place]


def read_marks(typed: list[dict[str, str]]) -> list[MarkInput]:
    """Return marks from the form's rows. Raises Invalid that names the rows whose times cannot be read."""
    marks, faults = [], {}
    for place, row in enumerate(typed):
        start, end = milliseconds(row.get("start", "")), milliseconds(row.get("end", ""))
        if start is None or (end is None and row.get("end")):
            faults[f"marks-{place}"] = [_("Write times as 1:02:03.500.")]
        else:
            marks.append(MarkInput(row.get("kind", "chapter"), start, end, row.get("label", "")))
    if faults:
        raise Invalid(_("The marks were not saved. See the sentences beside them."), fields=faults)
    return marks


def milliseconds(text: str) -> int | None:
    """Read `h:mm:ss.mmm`, hours and thousandths as needed; None for what is no such time."""
    match = TIME.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds, rest = match.groups(default="0")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(rest.ljust(3, "0"))


def shown_marks(marks: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return stored marks as the form's rows."""
    return [{"kind": mark["kind"], "label": mark["label"], "start": stamp(mark["start_ms"]),
             "end": stamp(mark["end_ms"])} for mark in marks]
