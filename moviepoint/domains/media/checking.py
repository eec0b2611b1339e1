"""What a table of tracks or marks must be before it is saved; what is wrong is said by row."""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec

from moviepoint.domains.media.schemas import MarkInput, TrackInput
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.text import LANGUAGE_LENGTH, normalise_language, one_line

AUDIO_KINDS = ("original", "dub", "voice-over", "commentary", "audio-description")
SUBTITLE_ROLES = ("full", "forced", "sdh", "signs", "commentary")
MARK_KINDS = ("chapter", "intro", "recap", "credits")
LABEL_LENGTH, MARK_LABEL_LENGTH = 120, 200
LARGEST_OFFSET = 3_600_000  # milliseconds
MOST_MARKS, MOST_LABELS = 500, 50

Faults = dict[str, list[str]]


def checked_tracks(table: str, rows: Sequence[TrackInput], kinds: Sequence[str], faults: Faults) -> list[TrackInput]:
    """Return rows in their clean form; what is wrong with one is added to `faults` under its place."""
    clean: list[TrackInput] = []
    seen: dict[tuple[str, ...], int] = {}
    for place, row in enumerate(rows):
        said = faults.setdefault(f"{table}-{place}", [])
        row = _clean(row, kinds, said)
        if row.default and row.hidden:
            said.append(_("A hidden track cannot be the default."))
        seen_as = (row.language, row.kind, row.label.casefold(), row.studio.casefold())
        if not row.hidden and seen.setdefault(seen_as, place) != place:
            said.append(_("Viewers cannot tell this track from number %(number)s: give it a label.",
                          number=seen[seen_as] + 1))
        clean.append(row)
    if Counter(row.default for row in rows)[True] > 1:
        last = max(place for place, row in enumerate(rows) if row.default)
        faults[f"{table}-{last}"].append(_("Only one track can be the default."))
    for place in range(len(rows)):
        if not faults[f"{table}-{place}"]:
            del faults[f"{table}-{place}"]
    return clean


def _clean(row: TrackInput, kinds: Sequence[str], said: list[str]) -> TrackInput:
    """Return one row with its language, label and studio as they are stored."""
    language = row.language
    try:
        language = normalise_language(row.language[:LANGUAGE_LENGTH + 1])
        if len(language) > LANGUAGE_LENGTH:
            raise ValueError(language)
    except ValueError:
        said.append(_("“%(tag)s” is no language. Write a tag such as en, pt-BR or zh-Hans.", tag=language[:40]))
    if row.kind not in kinds:
        said.append(_("This is no kind of track."))
    if abs(row.offset_ms) > LARGEST_OFFSET:
        said.append(_("An offset is one hour at most."))
    label, studio, labels = one_line(row.label), one_line(row.studio), _labels(row.labels, said)
    if max(map(len, (label, studio, *labels.values()))) > LABEL_LENGTH:
        said.append(_("A label has at most %(count)s characters.", count=LABEL_LENGTH))
    return msgspec.structs.replace(row, language=language, label=label, studio=studio, labels=labels)


def _labels(labels: Mapping[str, str], said: list[str]) -> dict[str, str]:
    """Return labels by normalised locale, without the empty ones."""
    clean = {}
    for tag, text in list(labels.items())[:MOST_LABELS]:
        try:
            locale = normalise_language(tag[:LANGUAGE_LENGTH + 1])
        except ValueError:
            said.append(_("“%(tag)s” is no language. Write a tag such as en, pt-BR or zh-Hans.", tag=tag[:40]))
            continue
        if one_line(text):
            clean[locale] = one_line(text)
    return clean


def mark_faults(marks: Sequence[MarkInput], duration: int) -> Faults:
    """Return what is wrong with marks by row. Chapters lie beside chapters, all other marks beside each other."""
    if len(marks) > MOST_MARKS:
        return {"marks-0": [_("An edition has at most %(count)s marks.", count=MOST_MARKS)]}
    faults: Faults = {}
    lanes: dict[bool, list[tuple[int, int | None, int]]] = {True: [], False: []}
    for place, mark in enumerate(marks):
        sentence = _mark_fault(mark, duration)
        if sentence:
            faults[f"marks-{place}"] = [sentence]
        else:
            lanes[mark.kind == "chapter"].append((mark.start_ms, mark.end_ms, place))
    for lane in lanes.values():
        lane.sort(key=lambda item: (item[0], item[2]))
        for (start, end, before), (following, _end, place) in pairwise(lane):
            if following < (start + 1 if end is None else end):
                faults.setdefault(f"marks-{place}", []).append(
                    _("This begins before number %(number)s has ended.", number=before + 1))
    return faults


def _mark_fault(mark: MarkInput, duration: int) -> str:
    if mark.kind not in MARK_KINDS:
        return _("This is no kind of mark.")
    if len(one_line(mark.label)) > MARK_LABEL_LENGTH:
        return _("A label has at most %(count)s characters.", count=MARK_LABEL_LENGTH)
    if mark.start_ms < 0 or mark.start_ms >= duration or (mark.end_ms is not None and mark.end_ms > duration):
        return _("This lies outside the film.")
    if mark.end_ms is None:
        return "" if mark.kind == "chapter" else _("Say when this ends.")
    return "" if mark.end_ms > mark.start_ms else _("This ends before it begins.")
