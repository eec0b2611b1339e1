"""Reviews put together for pages: rows in, contexts out."""
from __future__ import annotations

from collections.abc import Sequence

from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.contexts import Link
from moviepoint.domains.catalog.words import reader, title_name, title_url
from moviepoint.domains.community.contexts import Earlier, Member, ReviewView
from moviepoint.domains.community.models import Profile, Review
from moviepoint.domains.community.policies import is_moderator, sees_profile
from moviepoint.domains.community.queries import reviews as reads
from moviepoint.domains.community.queries.titles import by_ids
from moviepoint.kernel.i18n import current_locale
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.text import language_name


def review_view(found: reads.Found, viewer: Actor | None, title: Link | None = None, *,
                whole: bool = False) -> ReviewView:
    """Return a review as a page shows it; `whole` with its earlier texts, for its author and for moderators."""
    review = found.review
    own = viewer is not None and viewer.id == review.user_id
    judged = own or is_moderator(viewer)
    foreign = review.locale.split("-")[0] != current_locale().split("-")[0]
    return ReviewView(
        id=review.id, title_id=review.title_id, author=author_of(found.author, viewer),
        html=Markup(review.html),  # noqa: S704 -- made by `rendered`, which lets nothing through
        lang=review.locale if foreign else "", language=language_name(review.locale, current_locale()) if foreign
        else "", spoiler=review.spoiler, rating=found.rating, helpful=review.helpful, unhelpful=review.unhelpful,
        at=review.created_at, edited=review.edited_at, vote=found.vote, own=own, state=review.state,
        reason=review.reason if judged else "", title=title, url=url_for("reviews.show", review_id=review.id),
        versions=[Earlier(row.text, row.locale, row.replaced_at) for row in review.versions]
        if whole and judged else [])


def author_of(profile: Profile | None, viewer: Actor | None) -> Member | None:
    """Return who has written something; without an address where they keep to themselves."""
    if profile is None:
        return None
    url = url_for("members.member", handle=profile.handle) if sees_profile(viewer, profile) else ""
    return Member(profile.handle, profile.name, url)


def shown_reviews(session: Session, viewer: Actor | None, rows: Sequence[Review]) -> list[ReviewView]:
    """Return reviews of several titles, each with its title, in the order of the rows."""
    found = reads.by_ids(session, viewer, [row.id for row in rows])
    links = title_links(session, [row.title_id for row in rows])
    return [review_view(found[row.id], viewer, links.get(row.title_id)) for row in rows]


def title_links(session: Session, ids: Sequence[int]) -> dict[int, Link]:
    """Return links to titles by id, under their names for this reader."""
    to = reader()
    return {title.id: Link(title_name(to, title), title_url(title.kind, title.slug))
            for title in by_ids(session, list(dict.fromkeys(ids))).values()}
