"""The home page put together: which rows there are, and their titles, in a number of queries that does not grow."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from moviepoint.domains.catalog import page_queries as reads
from moviepoint.domains.catalog.card_queries import card_lists
from moviepoint.domains.catalog.contexts import Row
from moviepoint.domains.catalog.genre_use import genres_in_use
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.pages import view_of
from moviepoint.domains.catalog.schema_org import site_schema
from moviepoint.domains.catalog.seo import seo
from moviepoint.domains.catalog.words import Reader, card, site_settings
from moviepoint.domains.pages import queries
from moviepoint.domains.pages.contexts import HomePage
from moviepoint.domains.pages.kinds import STAGE
from moviepoint.hooks.manager import HookManager
from moviepoint.hooks.types import HomeRowKind
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import use_locale
from moviepoint.kernel.policies import Actor

ROW_LENGTH = 18
GENRE_ROWS = 4
SHORTEST_ROW = 3


@dataclass(frozen=True)
class Wanted:
    """A row before its titles are known."""

    kind: HomeRowKind
    headings: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def heading(self, to: Reader) -> str:
        """The editor's heading in the reader's language or the nearest there is, else the kind's name."""
        found = next((self.headings[locale] for locale in to.chain if self.headings.get(locale)), "")
        return found or str(next(iter(self.headings.values()), "") or self.kind.label)


def row_kinds(hooks: HookManager) -> dict[str, HomeRowKind]:
    """Return all kinds of rows by name."""
    return {kind.name: kind for kind in hooks.collect("register_home_row_kinds")}


def home_page(session: Session, viewer: Actor | None, to: Reader, hooks: HookManager) -> HomePage:
    """Return the home page: its head, and the rows that editors have arranged, else the usual ones."""
    wanted = wanted_rows(session, hooks)
    viewer_id = viewer.id if viewer is not None else None
    hero = head_of(session, viewer_id, wanted)
    if hero is None:
        return HomePage(seo=seo(schema=site_schema()), hero=None)
    chosen, shown = dict[str, Any](), dict[str, Wanted]()
    for number, row in enumerate(wanted):
        if row.kind.name == STAGE or (row.kind.personal and viewer_id is None):
            continue
        shown[str(number)] = row
        statement = row.kind.titles(viewer_id, row.options, ROW_LENGTH)
        if statement is not None:
            chosen[str(number)] = statement
    found = card_lists(session, chosen, to.chain, pictured=[hero.id])
    rows = [Row(f"{row.kind.name}-{number}", row.heading(to), [card(to, title) for title in found.rows.get(number, ())],
                row.kind.address(row.options) if row.kind.address else "", row.kind.slot)
            for number, row in shown.items() if found.rows.get(number) or row.kind.slot]
    view = view_of(to, hero, found.pictures[hero.id])
    return HomePage(seo=seo(schema=site_schema(), picture=view.backdrop or view.poster), hero=view, rows=rows)


def head_of(session: Session, viewer_id: int | None, wanted: Sequence[Wanted]) -> reads.TitleRow | None:
    """Return the title for the head of the page: the editors' while one of theirs is public, else the usual one."""
    stage = next((row.kind.titles(viewer_id, row.options, 1) for row in wanted if row.kind.name == STAGE), None)
    if stage is not None:
        picked = stage.with_only_columns(Title.id, maintain_column_froms=True).scalar_subquery()
        if (hero := reads.title_where(session, Title.id == picked, None)) is not None:
            return hero
    return reads.title_where(session, Title.id == reads.featured().scalar_subquery(), None)


def wanted_rows(session: Session, hooks: HookManager) -> Sequence[Wanted]:
    """Return the rows that the home page is to have; one whose plugin is gone is left out."""
    kinds = row_kinds(hooks)
    rows = queries.home_rows(session)
    if rows:
        return [Wanted(kinds[row.kind], row.headings, row.options) for row in rows if row.kind in kinds]
    return usual_rows(session, kinds)


def usual_rows(session: Session, kinds: Mapping[str, HomeRowKind]) -> list[Wanted]:
    """Return the rows of a site whose editors have arranged none: newest, what is one's own, series, large genres,
    films."""
    personal = [Wanted(kind) for kind in kinds.values() if kind.personal]
    genres = [Wanted(kinds["genre"], {text.locale: text.name for text in genre.texts}, {"genre": genre.slug})
              for genre in genres_in_use(session)[:GENRE_ROWS] if genre.titles >= SHORTEST_ROW]
    series = Wanted(kinds["newest"], in_all_locales(lambda: _("Series")), {"kind": "series"})
    films = Wanted(kinds["newest"], in_all_locales(lambda: _("Films")), {"kind": "film"})
    return [*personal, Wanted(kinds["newest"]), series, *genres, films]


def in_all_locales(say: Callable[[], str]) -> dict[str, str]:
    """Return a text of ours by locale, as an editor would have typed it."""
    found = {}
    for locale in site_settings().locales:
        with use_locale(locale):
            found[locale] = say()
    return found
