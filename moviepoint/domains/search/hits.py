"""What was found, as the site shows it: rows from the database in the order of the index, and why they were found."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from moviepoint.domains.catalog import labels
from moviepoint.domains.catalog import page_queries as reads
from moviepoint.domains.catalog.card_queries import load_cards
from moviepoint.domains.catalog.texts import pick
from moviepoint.domains.catalog.words import Reader, card, person_link, picture
from moviepoint.domains.search import hit_queries
from moviepoint.domains.search.contexts import Hit, Marked
from moviepoint.domains.search.highlight import Marker, snippet
from moviepoint.domains.search.index import Found

PEOPLE = 3  # whose names are shown

Hits = list[tuple[Found, Hit]]


def marked_hits(session: Session, to: Reader, found: Sequence[Found], meant: Sequence[str]) -> Hits:
    """Return each match with what was looked for marked in it; `meant` are the readings of the query.

    The number of queries does not grow with the matches.
    """
    marker = Marker(meant)
    hits = hits_of(session, to, found)
    texts = hit_queries.title_texts(session, [row.id for row, _hit in hits if row.source == "title"])
    wanting = [row.id for row, hit in hits if row.id in texts and row.source == "title"
               and marker.held(hit.name.text, name=True) < len(marker.readings[0])]
    people = hit_queries.credited(session, wanting)
    shown: Hits = []
    for row, hit in hits:
        marked = _marked(marker, "name", hit.name.text, hit.name.lang)
        if row.source != "title":
            shown.append((row, replace(hit, marked=marked)))
            continue
        others = [(text.name, text.locale) for text in texts.get(row.id, ())] if row.id in wanting else []
        title = _other_title(to, marker, hit, others)
        credited = _people(to, marker, list(people.get(row.id, {}).values()))
        why = bool(marked.ranges or title or credited)
        shown.append((row, replace(hit, marked=marked, title=title, people=credited,
                                   excerpt=_excerpt(to, marker, texts.get(row.id, ()), why))))
    return shown


def _marked(marker: Marker, field: str, text: str, lang: str) -> Marked:
    return Marked(field, text, marker.ranges(text, name=True), lang)


def _other_title(to: Reader, marker: Marker, hit: Hit, others: Sequence[tuple[str, str]]) -> Marked | None:
    """Return another name that holds more of the words than the one shown, if there is one."""
    best, held = None, marker.held(hit.name.text, name=True)
    for name, locale in [(hit.original_title, ""), *others]:
        if name and name != hit.name.text and marker.held(name, name=True) > held:
            best, held = _marked(marker, "title", name, _foreign(to, locale)), marker.held(name, name=True)
    return best


def _people(to: Reader, marker: Marker, credited: Sequence[dict[str, str]]) -> list[Marked]:
    """Return those who have a word in their names: under the name for this reader, if it has it, else the other."""
    found = []
    for names in credited:
        own = next((names[locale] for locale in to.chain if locale in names
                    and locale.split("-")[0] == to.locale.split("-")[0]), names[""])
        fitting = [name for name in dict.fromkeys([own, names[""], *names.values()]) if marker.ranges(name, name=True)]
        if fitting:
            shown = _marked(marker, "people", own, "")
            found.append(shown if shown.ranges else _marked(marker, "people", fitting[0], ""))
    return found[:PEOPLE]


def _excerpt(to: Reader, marker: Marker, texts: Sequence[hit_queries.TextRow], explained: bool) -> Marked | None:
    """Return a part of the overview: for this reader, or in another language where only that one has the words and
    nothing else has explained the match."""
    value, locale = pick(texts, "overview", to.chain)
    flat = " ".join(value.split())
    if flat and not explained and not marker.ranges(flat):
        flat, locale = next(((" ".join(text.overview.split()), text.locale) for text in texts
                             if marker.ranges(text.overview)), (flat, locale))
    if not flat:
        return None
    part = snippet(flat, marker.ranges(flat))
    return Marked("text", part.text, part.ranges, _foreign(to, locale))


def _foreign(to: Reader, locale: str) -> str:
    return "" if locale.split("-")[0] == to.locale.split("-")[0] else locale


def hits_of(session: Session, to: Reader, found: Sequence[Found]) -> Hits:
    """Return each match and how it is shown, in order; rows that are gone since they were indexed are left out.

    The number of queries does not grow with the matches.
    """
    titles = load_cards(session, [row.id for row in found if row.source == "title"], to.chain)
    people_ids = [row.id for row in found if row.source == "person"]
    people = reads.people_lines(session, people_ids, to.chain)
    portraits = reads.portraits(session, people_ids, to.chain)
    hits: Hits = []
    for row in found:
        if row.source == "title" and row.id in titles:
            shown = card(to, titles[row.id])
            note = " · ".join(part for part in (shown.years, shown.original_title) if part)
            hits.append((row, Hit(shown.kind, shown.url, shown.name, note, picture=shown.poster,
                                  original_title=shown.original_title)))
        elif row.source == "person" and row.id in people:
            person = people[row.id]
            link = person_link(to, person.slug, person.name, person.names)
            years = labels.span(person.birth_year, person.death_year)
            other = "" if person.name == str(link.name) else person.name
            hits.append((row, Hit("person", link.url, link.name,
                                  " · ".join(part for part in (other, years) if part),
                                  picture=picture(portraits.get(row.id)))))
    return hits
