"""What editors and the API write of the home page, static pages and menus."""
from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(max_length=200)]
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]
MOST_ROWS = 40
MOST_ENTRIES = 20


class HomeRowInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A row of the home page. `titles` among the options are addresses (slugs) or ids of titles."""

    kind: Annotated[str, Meta(min_length=1, max_length=60)]
    headings: dict[str, Name] = {}
    options: dict[str, Any] = {}
    hidden: bool = False


class HomeInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The home page's rows in order; none brings the usual ones back."""

    rows: list[HomeRowInput]


class PageTextInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A page's text in one locale; `body` is Markdown, without HTML."""

    name: Name = ""
    body: Annotated[str, Meta(max_length=200_000)] = ""


class StaticPageInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A static page; locales that are not given keep their text."""

    slug: Slug
    status: Literal["draft", "published"] = "draft"
    texts: dict[str, PageTextInput] = {}


class MenuEntryInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An entry of a menu: "/films" within the site, "about" for a static page, or a full https address."""

    labels: dict[str, Annotated[str, Meta(max_length=80)]]
    target: Annotated[str, Meta(min_length=1, max_length=500)]


class MenuInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A menu's entries in order; none brings the usual ones back."""

    entries: list[MenuEntryInput]


class HomeRowView(msgspec.Struct):
    """A row of the home page as it is kept."""

    kind: str
    headings: dict[str, str]
    options: dict[str, Any]
    hidden: bool


class PageText(msgspec.Struct):
    """A page's text: as it was written, and as HTML that is safe to show."""

    name: str
    body: str
    html: str


class StaticPageView(msgspec.Struct):
    """A static page."""

    slug: str
    status: str
    texts: dict[str, PageText]


class MenuEntryView(msgspec.Struct):
    """An entry of a menu."""

    labels: dict[str, str]
    target: str
