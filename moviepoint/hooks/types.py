"""What hooks return: frozen dataclasses, so that a contribution is a value and cannot be changed later."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import click
from flask import Blueprint
from sqlalchemy.orm import Session

from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.tasks import Task

__all__ = ["AdminPanel", "AdminView", "ApiResource", "Command", "ContentType", "Found", "HomeRowKind", "MenuLink",
           "NavItem", "NoticeKind", "NoticeMail", "Pages", "Permission", "RowOption", "SearchDocument", "SearchEngine",
           "SearchFacet", "SearchSource", "SitemapPage", "SitemapSource", "SitemapVideo", "SlotFill", "Task",
           "TitleFilter", "TitleMatches"]


@dataclass(frozen=True)
class Permission:
    """Something that a role may be allowed; `roles` are those that have it from the start.

    A grant can be narrowed to texts in one locale (`by_locale`) or to what the actor has added (`own`), where the
    services that ask for it know how; `roles` may name such a grant as "contributor:own".
    """

    name: str  # "catalog.edit"
    label: Any  # lazily translated
    roles: tuple[str, ...] = ("administrator",)
    by_locale: bool = False
    own: bool = False


@dataclass(frozen=True)
class Pages:
    """A blueprint of the public site; with `localised` its addresses begin with the locale."""

    blueprint: Blueprint
    localised: bool = True


@dataclass(frozen=True)
class ApiResource:
    """A blueprint mounted under /api/v1; `name` is what an operator leaves out by."""

    name: str
    blueprint: Blueprint


@dataclass(frozen=True)
class AdminView:
    """A Flask-Admin view, made anew for each app by calling `make`."""

    make: Callable[[], Any]
    category: Any = ""  # the group of the menu it stands in, lazily translated; empty for the top level
    order: int = 100


@dataclass(frozen=True)
class AdminPanel:
    """A part of the back office's first page: a template, and its variables from a session."""

    template: str
    context: Callable[[Session], Mapping[str, Any]]
    permission: str = "admin.access"
    order: int = 100


@dataclass(frozen=True)
class Found:
    """What a quick search shows: a name, and a few words that tell it from others of that name."""

    id: int
    label: str
    note: str = ""


@dataclass(frozen=True)
class ContentType:
    """A kind of content that editors find, import, export, and take back to an earlier state.

    A document is the plain data (JSON) of `input`, the struct that the type's service takes. `document` gives it for
    a row, `save` writes it (to a new row without an id) and returns the row's id, `match` tells which row a document
    from elsewhere means. All check their own policies. `take_in` is `save` for an import, where something can be
    locked against those; `many` gives the documents of many rows in fewer queries than one after the other.
    """

    name: str  # "title": what history, exports and the API call it
    label: Any  # lazily translated, in the plural: "Titles"
    permission: str
    input: type[Any]
    address: Callable[[int], str]  # its page in the back office, by id
    find: Callable[[Session, Any, str, int], Sequence[Found]]  # (session, viewer, text, limit)
    ids: Callable[[Session], Iterable[int]]  # in the order of an export
    document: Callable[[Session, int], Mapping[str, Any]]  # raises NotFound
    save: Callable[[Session, Any, Mapping[str, Any], int | None], int]  # (session, actor, document, id)
    match: Callable[[Session, Mapping[str, Any]], int | None]
    take_in: Callable[[Session, Any, Mapping[str, Any], int | None], int] | None = None
    many: Callable[[Session, Sequence[int]], Mapping[int, Mapping[str, Any]]] | None = None  # by id, without those gone
    exchanged: bool = True  # whether files of it are brought in and taken out
    #: Makes a deleted one live again, from its last document and its id; returns its id then, which may be another.
    bring_back: Callable[[Session, Any, Mapping[str, Any], int], int] | None = None

    def documents(self, session: Session, ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
        """Return documents by id, in the order of the ids; what is not there is left out."""
        if self.many is not None:
            return self.many(session, ids)
        found = {}
        for row_id in ids:
            with suppress(NotFound):
                found[row_id] = self.document(session, row_id)
        return found


@dataclass(frozen=True)
class NavItem:
    """An entry of the site's menus; `label` is lazily translated, `places` are those of the menus that it stands in."""

    endpoint: str
    label: Any
    order: int = 100
    arguments: Mapping[str, str] = field(default_factory=dict)
    places: Sequence[str] = ("header", "footer")


@dataclass(frozen=True)
class MenuLink:
    """An entry of a menu as a page shows it; `current` is "page" for the page itself, "true" for what lies below it."""

    label: str
    url: str
    current: str = ""


@dataclass(frozen=True)
class RowOption:
    """What an editor sets of a row of the home page.

    `kind` is "text", "number", "choice" or "titles" (several, in order; their ids are stored). `choices` takes a
    session and the locales to name things in, and returns (value, label).
    """

    name: str
    label: Any  # lazily translated
    kind: str = "text"
    choices: Callable[[Session, Sequence[str]], Sequence[tuple[str, Any]]] | None = None
    required: bool = False


@dataclass(frozen=True)
class HomeRowKind:
    """A kind of row that editors put on the home page.

    `titles` takes the viewer's id (None for strangers), the row's options and a limit, and returns a select of titles'
    ids with their places, as `plugin_api.placed` makes it, or None where there is nothing to show. All rows of a page
    are read by one query. `personal` rows are for who is signed in. A row with a `slot` is shown by that slot's fills,
    which get its `heading`: for one that is more than cards.
    """

    name: str  # "newest"
    label: Any  # lazily translated; the row's heading where an editor gives none
    titles: Callable[[int | None, Mapping[str, Any], int], Any | None]
    options: Sequence[RowOption] = ()
    address: Callable[[Mapping[str, Any]], str] | None = None  # of all of them
    #: Headings by locale from the options, for a row whose editor gives none.
    headings: Callable[[Session, Mapping[str, Any]], Mapping[str, str]] | None = None
    personal: bool = False
    slot: str = ""


@dataclass(frozen=True)
class SlotFill:
    """A template rendered at a named place of a page.

    `context` takes the slot's keyword arguments and returns the template's variables, or None to show
    nothing; without it the template gets the arguments as they are.
    """

    slot: str  # "title.player"
    template: str
    context: Callable[..., Mapping[str, Any] | None] | None = None
    order: int = 100


@dataclass(frozen=True)
class Command:
    """A command or group below `./manage.py`."""

    command: click.Command


@dataclass(frozen=True)
class SearchDocument:
    """One thing to be found. Text is plain; the index does its own folding and stemming."""

    kind: str  # "film", "series", "person"
    id: int
    titles: tuple[str, ...]  # in all languages, the original and alternatives too
    original_title: str = ""
    people: tuple[str, ...] = ()
    text: tuple[str, ...] = ()  # overviews, taglines
    genres: tuple[str, ...] = ()  # slugs
    year: int | None = None
    popularity: float = 0.0
    rating: float | None = None  # the weighted mean of viewers' ratings, 1 to 10, to one place; None without any
    votes: int = 0
    names: Mapping[str, str] = field(default_factory=dict)  # by locale: what a list by title is ordered by
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # values by `SearchFacet.name`


@dataclass(frozen=True)
class SearchSource:
    """Where documents of some kinds come from.

    `ids` lists all that should be in the index, `load` turns a batch of ids into documents (an id that is
    gone or not public is left out, which removes it). `related` names, by source, the ids of other documents that
    change with these: the people of a title that becomes public.

    What a `private` source gives stands in an index of its own that the public search never opens: drafts, for the
    back office. A private source may have the name of a public one, and is told of the same writes.
    """

    name: str  # "title", "person"
    kinds: tuple[str, ...]
    ids: Callable[[Session], Iterable[int]]
    load: Callable[[Session, Sequence[int]], Iterable[SearchDocument]]
    related: Callable[[Session, Sequence[int]], Mapping[str, Sequence[int]]] | None = None
    private: bool = False


@dataclass(frozen=True)
class NoticeMail:
    """What a notice says: its subject, and the variables of its templates beside those that all have."""

    subject: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NoticeKind:
    """A kind of mail to users, sent by `plugin_api.post_notice`.

    `template` names two files, for text and for HTML: "prizes/mail/won" is `prizes/mail/won.txt` and `.html`, which
    extend `accounts/mail/notice.txt` and `.html`. `compose` takes a session, the user and the notice's data, answers in
    the user's language, and returns None where there is nothing to say any more. Users may do without what is
    `optional`.
    """

    name: str  # "prizes.won"
    label: Any  # lazily translated, as the page of choices names it
    template: str
    compose: Callable[[Session, Any, Mapping[str, Any]], NoticeMail | None]
    optional: bool = True


@dataclass(frozen=True)
class SitemapVideo:
    """A video that anybody may watch, for a sitemap; all addresses are paths below the site's root.

    `content` is a lasting address of the video itself, `player` of a page that may be framed, empty where none may.
    """

    title: str
    description: str
    thumbnail: str
    content: str
    player: str = ""
    seconds: int = 0
    published: datetime | None = None


@dataclass(frozen=True)
class SitemapPage:
    """A page for search engines: its path in each language that its content has.

    `pictures` are paths of what is shown on it, `videos` the video that it is about, by locale.
    """

    paths: Mapping[str, str]  # by locale: {"en": "/en/films/metropolis-1927"}
    changed: datetime | None = None
    pictures: Sequence[str] = ()
    videos: Mapping[str, SitemapVideo] = field(default_factory=dict)


@dataclass(frozen=True)
class SitemapSource:
    """Pages of one kind for the sitemaps; `pages` takes a session and the site's locales, and gives public pages only.

    It is read by a task, as a stream: give pages in parts, so that a large site needs no large memory.
    """

    name: str  # stands in the address: "titles"
    pages: Callable[[Session, Sequence[str]], Iterable[SitemapPage]]


@dataclass(frozen=True)
class SearchEngine:
    """What the search index may be kept by; `MOVIEPOINT_SEARCH_ENGINE` chooses one by its name.

    `open` takes the settings and whether the private index is wanted, and returns a `SearchIndex` without reading or
    writing anything yet. It raises ValueError, with a sentence for the operator, where the settings do not fit it.
    """

    name: str  # "tantivy"
    open: Callable[[Any, bool], Any]


@dataclass(frozen=True)
class SearchFacet:
    """A way to narrow what a search has found: its choices are counted beside the results, on the page and in the API.

    `values` tells, by id, which values some documents of a source have; without it their documents bring them along
    in `SearchDocument.facets`. It is asked when documents are indexed, for a batch at a time, in a number of queries
    that does not grow with it; tell of a change by `on_title_saved`. `words` tells what values are called in the
    reader's language; a value that it leaves out is not offered.
    """

    name: str  # stands in the address: "audio"
    label: Any  # lazily translated
    words: Callable[[Session, Sequence[str]], Mapping[str, str]]
    values: Callable[[Session, Sequence[int]], Mapping[int, Sequence[str]]] | None = None
    source: str = "title"  # whose documents have it
    by_value: bool = False  # choices stand by value, the greatest first; else by how many have them
    order: int = 100


@dataclass(frozen=True)
class TitleMatches:
    """Titles that a search of the back office has found: their ids, the nearest first, and how many match in all."""

    ids: tuple[int, ...]
    total: int


@dataclass(frozen=True)
class TitleFilter:
    """A way to narrow the back office's list of titles by what another domain knows of them.

    `choices` are (value, label), labels lazily translated; `condition` takes the value that was chosen and returns a
    SQLAlchemy condition on `Title.id`: an EXISTS, so that a count stays right over to-many relations.
    """

    name: str  # stands in the address: "media"
    label: Any  # lazily translated
    choices: Sequence[tuple[str, Any]]
    condition: Callable[[str], Any]


@dataclass(frozen=True)
class EncodingProfile:
    """A way to encode films, such as one for a hardware encoder.

    `data` holds the fields of `moviepoint.plugin_api.Profile` as plain values; what is left out is as in the default.
    With `hardware` it may name an encoder and its options, which the back office never does.
    """

    slug: str  # "vaapi"; unique among all profiles
    name: str
    data: Mapping[str, Any]
