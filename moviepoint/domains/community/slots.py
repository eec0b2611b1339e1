"""What taking part puts into the pages of other domains."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel.numbers import format_decimal
from flask import g, request, url_for
from flask_wtf.csrf import generate_csrf

from moviepoint.domains.accounts.viewer import current_viewer
from moviepoint.domains.catalog.models import TitleScore
from moviepoint.domains.catalog.pages import cards_by_id
from moviepoint.domains.catalog.words import reader
from moviepoint.domains.community.contexts import Bar, Begun, RatingBox, ReviewBox
from moviepoint.domains.community.policies import TAKE_PART
from moviepoint.domains.community.queries import progress, ratings, reviews
from moviepoint.domains.community.review_pages import review_view
from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import current_locale
from moviepoint.kernel.i18n import gettext as _

SHOWN = 3  # reviews below a title


def rating_box(title_id: int) -> RatingBox:
    """Return a title's ratings as this visitor sees them; asked for twice on a page, read once."""
    kept: dict[int, RatingBox] = g.setdefault("rating_boxes", {})
    if title_id not in kept:
        viewer = current_viewer()
        found = ratings.standing(db.session(), viewer.id if viewer else None, title_id)
        kept[title_id] = make_box(title_id, found, viewer is not None and viewer.may(TAKE_PART))
    return kept[title_id]


def make_box(title_id: int, found: ratings.Standing, may: bool) -> RatingBox:
    """Return how a title stands with a visitor as a page shows it."""
    score = found.score if found.score and found.score.votes else None
    counts = score.counts if score else [0] * 10
    most = max(counts) or 1
    return RatingBox(title_id, mean_words(score), score.votes if score else 0,
                     [Bar(value, count, round(100 * count / most)) for value, count in enumerate(counts, 1)],
                     found.own or 0, may, found.kept, found.followed)


def mean_words(score: TitleScore | None) -> str:
    """Return a title's mean in the reader's language: "7.8", "7,8"; empty without ratings."""
    return str(format_decimal(round(score.mean, 1), "0.0", current_locale().replace("-", "_"))) if score else ""


def title_actions(title_id: int) -> Mapping[str, Any]:
    """Return what stands among a title's buttons."""
    return {"rating": rating_box(title_id), "series": request.endpoint == "catalog.series"}


def title_below(title_id: int) -> Mapping[str, Any]:
    """Return what stands below a title's cast: its ratings, and the most helpful reviews."""
    return {"rating": rating_box(title_id), "reviews": review_box(title_id)}


def review_box(title_id: int) -> ReviewBox:
    """Return the most helpful reviews of a title; asked for twice on a page, read once."""
    kept: dict[int, ReviewBox] = g.setdefault("review_boxes", {})
    if title_id not in kept:
        kept[title_id] = _review_box(title_id)
    return kept[title_id]


def _review_box(title_id: int) -> ReviewBox:
    viewer = current_viewer()
    found = reviews.top(db.session(), viewer, title_id, SHOWN + 1)
    write = url_for("reviews.write", title_id=title_id) if viewer is None or viewer.may(TAKE_PART) else ""
    return ReviewBox(title_id, [review_view(row, viewer) for row in found[:SHOWN]], len(found) > SHOWN,
                     url_for("reviews.of_title", title_id=title_id), write)


def account_menu() -> Mapping[str, Any] | None:
    """Return what stands in the account menu of a member."""
    viewer = current_viewer()
    return {} if viewer is not None and viewer.may(TAKE_PART) else None


def home_continue(heading: str) -> Mapping[str, Any] | None:
    """Return what a member has begun to watch, for the home page; nothing is asked for strangers."""
    viewer = current_viewer()
    if viewer is None or viewer.id is None or not viewer.may(TAKE_PART):
        return None
    found = progress.unfinished(db.session(), viewer, viewer.id)
    cards = cards_by_id(db.session(), reader(), [row.title_id for row in found])
    begun = [Begun(cards[row.title_id], url_for("watch.watch", edition=row.edition),
                   round(100 * row.row.position / row.row.duration), (row.row.duration - row.row.position) // 60 + 1,
                   _("season %(season)d, episode %(episode)d", season=row.season, episode=row.episode)
                   if row.episode is not None else "", cards[row.title_id].poster)
             for row in found if row.title_id in cards]
    return {"begun": begun, "heading": heading} if begun else None


def watch_below() -> Mapping[str, Any] | None:
    """Return where a member stopped, for the player of the watch page, and where it says how far it is."""
    viewer = current_viewer()
    edition = str((request.view_args or {}).get("edition", ""))
    if viewer is None or viewer.id is None or not edition or not viewer.may(TAKE_PART):
        return None
    found = progress.one(db.session(), viewer.id, edition)
    return {"progress": {
        "edition": edition, "address": url_for("api_member_data.keep_progress", edition=edition),
        "token": generate_csrf(), "position": found.position if found else None,
        "duration": found.duration if found else None}}
