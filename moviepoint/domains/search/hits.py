"""What was found, as the site shows it: rows from the database, in the order of the index."""
from __future__ import annotations

from collections.abc import Sequence

from flask import url_for
from sqlalchemy.orm import Session

from moviepoint.domains.catalog import labels
from moviepoint.domains.catalog import page_queries as reads
from moviepoint.domains.catalog.card_queries import load_cards
from moviepoint.domains.catalog.words import Reader, card, person_link, picture
from moviepoint.domains.search.contexts import Hit
from moviepoint.domains.search.index import Found


def hits_of(session: Session, to: Reader, found: Sequence[Found]) -> list[tuple[Found, Hit]]:
    """Return each match and how it is shown, in order; rows that are gone since they were indexed are left out.

    The number of queries does not grow with the matches.
    """
    titles = load_cards(session, [row.id for row in found if row.source == "title"], to.chain)
    people_ids = [row.id for row in found if row.source == "person"]
    people = reads.people_by_id(session, people_ids) if people_ids else {}
    names = reads.person_names(session, people_ids, to.chain) if people_ids else {}
    portraits = reads.portraits(session, people_ids, to.chain) if people_ids else {}
    hits: list[tuple[Found, Hit]] = []
    for row in found:
        if row.source == "title" and row.id in titles:
            shown = card(to, titles[row.id])
            note = " · ".join(part for part in (shown.years, shown.original_title) if part)
            hits.append((row, Hit(shown.kind, shown.url, shown.name, note, picture=shown.poster)))
        elif row.source == "person" and row.id in people:
            person = people[row.id]
            link = person_link(to, person.slug, person.name, names.get(row.id, ()))
            years = labels.span(person.birth_year, person.death_year)
            other = "" if person.name == str(link.name) else person.name
            hits.append((row, Hit("person", url_for("catalog.person", slug=person.slug), link.name,
                                  " · ".join(part for part in (other, years) if part),
                                  picture=picture(portraits.get(row.id)))))
    return hits
