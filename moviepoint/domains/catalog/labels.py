"""Words of the catalogue in the page's language: what people did, and the headings for it."""
from __future__ import annotations

from collections.abc import Iterable

from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext

ACTING = "acting"

#: A job as credits name it, and the heading over those who did it.
JOBS = {
    "director": lazy_gettext("Directing"),
    "co-director": lazy_gettext("Co-directing"),
    "writer": lazy_gettext("Writing"),
    "screenplay": lazy_gettext("Screenplay"),
    "author": lazy_gettext("Based on the work of"),
    "novel": lazy_gettext("Based on the work of"),
    "story": lazy_gettext("Story"),
    "producer": lazy_gettext("Production"),
    "director of photography": lazy_gettext("Photography"),
    "cinematographer": lazy_gettext("Photography"),
    "editor": lazy_gettext("Editing"),
    "composer": lazy_gettext("Music"),
    "original music composer": lazy_gettext("Music"),
    "production design": lazy_gettext("Production design"),
    "art director": lazy_gettext("Art direction"),
    "animator": lazy_gettext("Animation"),
    "narrator": lazy_gettext("Narration"),
}
DEPARTMENTS = {
    ACTING: lazy_gettext("Acting"),
    "directing": lazy_gettext("Directing"),
    "writing": lazy_gettext("Writing"),
    "production": lazy_gettext("Production"),
    "camera": lazy_gettext("Photography"),
    "editing": lazy_gettext("Editing"),
    "sound": lazy_gettext("Sound"),
    "music": lazy_gettext("Music"),
    "art": lazy_gettext("Art direction"),
    "animation": lazy_gettext("Animation"),
    "crew": lazy_gettext("Crew"),
}

STATUS_NAMES = {
    "draft": lazy_gettext("Draft"),
    "in_review": lazy_gettext("In review"),
    "scheduled": lazy_gettext("Scheduled"),
    "published": lazy_gettext("Published"),
    "archived": lazy_gettext("Archived"),
}

#: Words for the kinds of a title's companies, releases and extras.
KIND_NAMES = {
    "production": lazy_gettext("Production"), "distribution": lazy_gettext("Distribution"),
    "broadcast": lazy_gettext("Broadcast"),
    "premiere": lazy_gettext("Premiere"), "limited": lazy_gettext("Limited release"),
    "theatrical": lazy_gettext("In cinemas"), "digital": lazy_gettext("Online"), "physical": lazy_gettext("On disc"),
    "tv": lazy_gettext("On television"),
    "trailer": lazy_gettext("Trailer"), "teaser": lazy_gettext("Teaser"), "clip": lazy_gettext("Clip"),
    "featurette": lazy_gettext("Featurette"), "interview": lazy_gettext("Interview"),
    "behind_the_scenes": lazy_gettext("Behind the scenes"), "deleted_scene": lazy_gettext("Deleted scene"),
}


def choices(names: Iterable[str]) -> list[tuple[str, object]]:
    """Return (name, word) of kinds, as a form offers them."""
    return [(name, KIND_NAMES[name]) for name in names]


def work_heading(department: str, job: str) -> str:
    """Return the heading for a kind of work; words that we do not know stand as the editor wrote them."""
    if job:
        return str(JOBS.get(job.strip().lower(), job.strip()))
    return str(DEPARTMENTS.get(department.strip().lower(), department.strip()))


def season_name(number: int) -> str:
    """Return what a season without a name of its own is called."""
    return _("Specials") if number == 0 else _("Season %(number)d", number=number)


def episode_name(number: int) -> str:
    """Return what an episode without a name of its own is called."""
    return _("Episode %(number)d", number=number)


def span(first: int | None, last: int | None) -> str:
    """Return years as written: "1927", "1915–1916", or nothing."""
    if first and last and last != first:
        return f"{first}–{last}"
    return str(first or last or "")
