"""Lists and the diary as pages and the API take and show them."""
from __future__ import annotations

import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from moviepoint.domains.community.models import DiaryEntry, ListItem, UserList

Text = Annotated[str, Meta(max_length=5_000)]
Tag = Annotated[str, Meta(min_length=1, max_length=60)]
Id = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class ListInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A list; what is left out stays. `ranked` says that the order means something."""

    name: Annotated[str, Meta(max_length=120)] | UnsetType = UNSET
    about: Text | UnsetType = UNSET
    public: bool | UnsetType = UNSET
    ranked: bool | UnsetType = UNSET


class ItemInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A title in a list, with a note."""

    note: Annotated[str, Meta(max_length=2_000)] = ""


class OrderInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The ids of a list's titles in their new order; those left out stand behind."""

    title_ids: Annotated[list[Id], Meta(max_length=5_000)]


class ListInfo(msgspec.Struct, kw_only=True):
    """A list; the watchlist's name is empty."""

    id: int
    slug: str
    name: str
    about: str
    public: bool
    ranked: bool
    owner: str
    titles: int
    updated_at: datetime.datetime


class ItemInfo(msgspec.Struct, kw_only=True):
    """A title in a list."""

    title_id: int
    position: int
    note: str
    added_at: datetime.datetime


class DiaryInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A viewing; `watched_on` null says that it was once, they do not say when."""

    title_id: Id
    watched_on: datetime.date | None = None
    rewatch: bool = False
    rating: int | None = None
    tags: Annotated[list[Tag], Meta(max_length=30)] = []


class DiaryInfo(DiaryInput, kw_only=True):
    """A viewing with its id."""

    id: int


def list_info(found: UserList, owner: str, titles: int) -> ListInfo:
    """Show a list."""
    return ListInfo(id=found.id, slug=found.slug, name=found.name, about=found.about, public=found.public,
                    ranked=found.ranked, owner=owner, titles=titles, updated_at=found.updated_at)


def item_info(item: ListItem) -> ItemInfo:
    """Show a title in a list."""
    return ItemInfo(title_id=item.title_id, position=item.position, note=item.note, added_at=item.added_at)


def diary_info(entry: DiaryEntry) -> DiaryInfo:
    """Show a viewing."""
    return DiaryInfo(id=entry.id, title_id=entry.title_id, watched_on=entry.watched_on, rewatch=entry.rewatch,
                     rating=entry.rating, tags=entry.tags)
