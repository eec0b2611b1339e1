"""What taking part puts into the pages of other domains."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel.numbers import format_decimal
from flask import g

from moviepoint.domains.accounts.viewer import current_viewer
from moviepoint.domains.catalog.models import TitleScore
from moviepoint.domains.community.contexts import Bar, RatingBox
from moviepoint.domains.community.policies import TAKE_PART
from moviepoint.domains.community.queries import ratings
from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import current_locale


def rating_box(title_id: int) -> RatingBox:
    """Return a title's ratings as this visitor sees them; asked for twice on a page, read once."""
    kept: dict[int, RatingBox] = g.setdefault("rating_boxes", {})
    if title_id not in kept:
        viewer = current_viewer()
        score, own = ratings.score_and_own(db.session(), viewer.id if viewer else None, title_id)
        kept[title_id] = make_box(title_id, score, own, viewer is not None and viewer.may(TAKE_PART))
    return kept[title_id]


def make_box(title_id: int, score: TitleScore | None, own: int | None, may: bool) -> RatingBox:
    """Return a sum of ratings as a page shows it."""
    counts = score.counts if score else [0] * 10
    most = max(counts) or 1
    mean = format_decimal(round(score.mean, 1), "0.0", current_locale().replace("-", "_")) if score and score.votes \
        else ""
    return RatingBox(title_id, mean, score.votes if score else 0,
                     [Bar(value, count, round(100 * count / most)) for value, count in enumerate(counts, 1)],
                     own or 0, may)


def title_actions(title_id: int) -> Mapping[str, Any]:
    """Return what stands among a title's buttons."""
    return {"rating": rating_box(title_id)}


def title_below(title_id: int) -> Mapping[str, Any]:
    """Return what stands below a title's cast."""
    return {"rating": rating_box(title_id)}
