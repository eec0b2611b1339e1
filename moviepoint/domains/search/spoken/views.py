"""The page of what is said in films."""
from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from flask import Blueprint, Response, request, url_for

from moviepoint.domains.catalog.card_queries import load_cards
from moviepoint.domains.catalog.contexts import Choice, Pager
from moviepoint.domains.catalog.lists import make_pager, page_number
from moviepoint.domains.catalog.words import Reader, card, reader
from moviepoint.domains.search.index import IndexMissing
from moviepoint.domains.search.queries import MAX_QUERY
from moviepoint.domains.search.spoken import queries
from moviepoint.domains.search.spoken.contexts import Film, LinesPage
from moviepoint.domains.search.spoken.engine import ask, current_spoken
from moviepoint.domains.search.spoken.lines import line
from moviepoint.domains.search.spoken.queries import Found
from moviepoint.domains.search.views import LIMIT
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.limits import limiter
from moviepoint.kernel.text import language_name
from moviepoint.shells.site import render_page

FILMS = 10  # on a page
LINES = 3  # of each of them
ALONE = 30  # of one film, when only that is asked for
DEEPEST = 1000  # films or lines that pages lead to

pages = Blueprint("search_lines", __name__)


@pages.get("/search/lines")
@limiter.limit(LIMIT)
def lines() -> Response:
    """Search in what is said: lines of subtitles, by film, each leading to its second."""
    text = request.args.get("q", "").strip()
    page = page_number(request.args.get("page", "1"))
    try:
        query = queries.make_query(text, request.args.get("subtitle_language", ""), title_id(request.args.get("title")))
        found = ask(query)
    except Invalid as error:
        return render_page("site/lines.html", LinesPage(text[:MAX_QUERY], Pager(1, 0, 0), message=str(error.message)),
                           status=error.status)
    except IndexMissing as error:
        message = _("The search is being prepared. Try again in a minute.")
        return render_page("site/lines.html", LinesPage(text, Pager(1, 0, 0), message=message), status=error.status)
    to = reader()
    pager = pager_of(page, found, query.title_id)
    return render_page("site/lines.html", LinesPage(
        query=text, pager=pager, films=shown(to, found, page, query.title_id), hits=found.hits,
        languages=language_choices(found.languages, to.locale, query.language), loose=found.loose,
        title=query.title_id, everywhere=address(title=None, page=None) if query.title_id else ""))


def title_id(text: str | None) -> int | None:
    """Return the id of a title from an address. Raises Invalid for what is none."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        sentence = _("A title is given by its number.")
        raise Invalid(sentence, fields={"title": [sentence]})
    return int(text)


def shown(to: Reader, found: Found, page: int, title: int | None) -> list[Film]:
    """Return a page's films, those that are gone since left out: some lines of each, or a page of a single one's."""
    part = found.films if title else found.films[(page - 1) * FILMS:page * FILMS]
    cards = load_cards(db.session(), [film.title_id for film in part], to.chain)
    limit, offset = (ALONE, (page - 1) * ALONE) if title else (LINES, 0)
    return [Film(card(to, cards[film.title_id]), film.count,
                 [line(hit, to.locale) for hit in queries.hits(current_spoken(), film, limit, offset)],
                 more="" if title or film.count <= LINES else address(title=film.title_id, page=None))
            for film in part if film.title_id in cards]


def pager_of(page: int, found: Found, title: int | None) -> Pager:
    """Return the links between pages. Raises NotFound beyond the last one."""
    total, size = (found.hits, ALONE) if title else (len(found.films), FILMS)
    count = ceil(min(total, DEEPEST) / size)
    if page > max(1, count):
        raise NotFound(_("This list has no such page."))
    return make_pager(page, count, total, lambda number: address(page=number if number > 1 else None))


def language_choices(counts: Mapping[str, int], locale: str, active: str) -> list[Choice]:
    """Return the languages in which something was found, the most frequent first; the active one can be taken back."""
    names = {tag: _("Unknown language") if tag == "und" else language_name(tag, locale) for tag in counts}
    choices = [Choice(names[tag], address(subtitle_language=None if tag == active else tag, page=None), tag == active,
                      count) for tag, count in counts.items()]
    if active and active not in counts:
        within = sum(count for tag, count in counts.items() if queries.in_language(tag, active))
        choices.append(Choice(language_name(active, locale), address(subtitle_language=None, page=None), True, within))
    return choices


def address(**changes: Any) -> str:
    """Return this search's address with some of it changed; None takes a part away."""
    kept: dict[str, Any] = {name: request.args[name] for name in ("q", "subtitle_language", "title", "page")
                            if request.args.get(name)}
    wanted = {name: value for name, value in {**kept, **changes}.items() if value is not None}
    return url_for("search_lines.lines", **wanted)
