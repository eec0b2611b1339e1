"""Between a season's form in the back office, with all its episodes, and their Input structs."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from moviepoint.domains.catalog.models import Episode, Season
from moviepoint.shells.admin.forms import number_or_none, rows

PLACEMENT = ("absolute_number", "airs_before_season", "airs_before_episode")
Form = MultiDict[str, str]


def episode_rows(form: Form, locales: Sequence[str]) -> list[dict[str, Any]]:
    """Return the episodes of a season's form as values for `EpisodeInput`; one without a number gets the next."""
    sent = rows(form, "episodes")
    following = max((int(row["number"]) for row in sent if row.get("number", "").isdigit()), default=0) + 1
    found = []
    for row in sent:
        number = row.get("number")
        if not number:
            number, following = str(following), following + 1
        names = {locale: {"name": row.get(f"name_{place}", "")} for place, locale in enumerate(locales)}
        values = {"number": number, "original_title": row.get("original_title", ""),
                  "runtime": number_or_none(row.get("runtime")), "air_date": row.get("air_date") or None,
                  "texts": names, **{name: number_or_none(row.get(name)) for name in PLACEMENT}}
        found.append(values | {"id": row["id"] if row.get("id", "").isdigit() else None})
    return found


def episode_values(season: Season, sent: list[dict[str, Any]] | None, locales: Sequence[str],
                   blanks: int) -> list[dict[str, Any]]:
    """Return what a season's form shows: rows of values, then empty ones."""
    if sent is None:
        shown = [_episode(episode, locales) for episode in season.episodes]
    else:
        shown = [{"id": "", **values, "names": [values["texts"][locale]["name"] for locale in locales]}
                 for values in sent]
    blank = dict.fromkeys(("id", "original_title", "runtime", "air_date", *PLACEMENT), "")
    following = max((int(row["number"]) for row in shown if str(row["number"]).isdigit()), default=0) + 1
    return shown + [blank | {"number": "", "next": following + place, "names": [""] * len(locales)}
                    for place in range(blanks)]


def _episode(episode: Episode, locales: Sequence[str]) -> dict[str, Any]:
    names = {text.locale: text.name for text in episode.texts}
    return {"id": episode.id, "number": episode.number, "original_title": episode.original_title,
            "runtime": episode.runtime, "air_date": episode.air_date,
            "names": [names.get(locale, "") for locale in locales],
            **{name: getattr(episode, name) for name in PLACEMENT}}
