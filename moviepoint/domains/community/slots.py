"""What taking part puts into the pages of other domains."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel.numbers import format_decimal
from flask import g, request, url_for

from moviepoint.domains.accounts.viewer import current_viewer
from moviepoint.domains.catalog.models import TitleScore
from moviepoint.domains.community.contexts import Bar, RatingBox, ReviewBox
from moviepoint.domains.community.policies import TAKE_PART
from moviepoint.domains.community.queries import ratings, reviews
from moviepoint.domains.community.review_pages import review_view
from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import current_locale

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
    """Return the most helpful reviews of a title."""
    viewer = current_viewer()
    found = reviews.top(db.session(), viewer, title_id, SHOWN + 1)
    write = url_for("reviews.write", title_id=title_id) if viewer is None or viewer.may(TAKE_PART) else ""
    return ReviewBox(title_id, [review_view(row, viewer) for row in found[:SHOWN]], len(found) > SHOWN,
                     url_for("reviews.of_title", title_id=title_id), write)


def account_menu() -> Mapping[str, Any] | None:
    """Return what stands in the account menu of a member."""
    viewer = current_viewer()
    return {} if viewer is not None and viewer.may(TAKE_PART) else None
