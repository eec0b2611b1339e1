"""What members think of a title, in the words of schema.org: only what every visitor of the page sees as well."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from moviepoint.domains.catalog.contexts import Link
from moviepoint.domains.catalog.json_ld import node
from moviepoint.domains.catalog.schema_org import kind_of, thing
from moviepoint.domains.catalog.seo import full, shorten
from moviepoint.domains.community.contexts import RatingBox, ReviewView
from moviepoint.domains.community.slots import rating_box, review_box
from moviepoint.kernel.i18n import current_locale

Schema = dict[str, Any]
BEST, WORST = 10, 1
MOST_CHARACTERS = 1_000


def with_opinions(value: Mapping[str, Any], template: str) -> Mapping[str, Any]:
    """Add a title's ratings and most helpful reviews to what its page says of it; they are read once for the page."""
    if template != "site/title.html" or not value["seo"].schema:
        return value
    title, *others = value["seo"].schema
    opinions = {"aggregateRating": aggregate(rating_box(value["title"].id)),
                "review": reviews_schema(review_box(value["title"].id).reviews)}
    told = title | {name: found for name, found in opinions.items() if found}
    return {**value, "seo": replace(value["seo"], schema=(told, *others))}


def aggregate(box: RatingBox) -> Schema | None:
    """Return the mean of a title's ratings; None where nobody has rated."""
    if not box.votes:
        return None
    mean = sum(bar.value * bar.count for bar in box.bars) / box.votes
    return node("AggregateRating", ratingValue=round(mean, 1), ratingCount=box.votes, bestRating=BEST,
                worstRating=WORST)


def reviews_schema(reviews: Sequence[ReviewView]) -> list[Schema]:
    """Return those of the reviews that may be shown anywhere: public, without spoilers, of somebody still here."""
    return [review_schema(review) for review in reviews
            if review.state == "published" and not review.spoiler and review.author is not None]


def review_schema(review: ReviewView, title: Link | None = None, kind: str = "film") -> Schema:
    """Return a review; `title` is what it is of, where no other node says so."""
    name = review.author.name if review.author else ""
    url = full(review.author.url) if review.author and review.author.url else ""
    return node(
        "Review", id=full(review.url), url=full(review.url), author=node("Person", name=name, url=url),
        datePublished=review.at.isoformat(timespec="seconds"),
        dateModified=review.edited.isoformat(timespec="seconds") if review.edited else None,
        inLanguage=review.lang or current_locale(),
        reviewBody=shorten(Markup(review.html).striptags(), MOST_CHARACTERS),  # noqa: S704 -- cleaned when it was kept
        reviewRating=node("Rating", ratingValue=review.rating, bestRating=BEST, worstRating=WORST)
        if review.rating else None,
        itemReviewed=thing(kind_of(kind), title) if title else None)
