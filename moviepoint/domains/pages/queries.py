"""Reads of what editors have arranged."""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from moviepoint.domains.pages.models import HomeRow, MenuEntry, StaticPage
from moviepoint.domains.pages.policies import sees_drafts
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.policies import Actor


def home_rows(session: Session, *, hidden: bool = False) -> Sequence[HomeRow]:
    """Return the rows of the home page in order; with `hidden`, those too that viewers do not see."""
    statement = select(HomeRow).order_by(HomeRow.position, HomeRow.id)
    return session.scalars(statement if hidden else statement.where(HomeRow.hidden.is_(False))).all()


def static_pages(session: Session) -> Sequence[StaticPage]:
    """Return all static pages with their texts."""
    return session.scalars(select(StaticPage).order_by(StaticPage.slug).options(
        joinedload(StaticPage.texts))).unique().all()


def static_page(session: Session, viewer: Actor | None, slug: str) -> StaticPage:
    """Return a page that the viewer may see, with its texts. Raises NotFound."""
    page = session.scalars(select(StaticPage).where(StaticPage.slug == slug).options(
        joinedload(StaticPage.texts))).unique().one_or_none()
    if page is None or (page.status != "published" and not sees_drafts(viewer)):
        raise NotFound()
    return page


def menu_entries(session: Session, place: str | None = None) -> Sequence[MenuEntry]:
    """Return the entries of a menu, or of all of them, in order."""
    statement = select(MenuEntry).order_by(MenuEntry.place, MenuEntry.position, MenuEntry.id)
    return session.scalars(statement.where(MenuEntry.place == place) if place else statement).all()
