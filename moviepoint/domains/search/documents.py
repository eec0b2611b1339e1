"""A document as engines keep it: terms by field, and what is needed to narrow, order and rank what was found."""
from __future__ import annotations

import hashlib

import msgspec

from moviepoint.domains.search.analysis import has_cyrillic, stems, terms, title_key, transliterate
from moviepoint.domains.search.index import decade
from moviepoint.hooks.types import SearchDocument

FIELDS = ("exact", "title", "tstem", "people", "text")


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """What an engine hands back of a document, beside its score."""

    source: str
    id: int
    kind: str
    digest: str
    names: tuple[str, ...]  # whole titles, as `title_key` gives them
    facets: dict[str, tuple[str, ...]]
    year: int | None = None
    rating: float | None = None
    votes: int = 0
    popularity: float = 0.0
    order: dict[str, str] = {}  # by locale: what the title is ordered by; under "" the original's

    def name_in(self, locales: tuple[str, ...]) -> str:
        """Return what to order this by for a reader of these languages."""
        return next((self.order[locale] for locale in locales if locale in self.order), self.order.get("", ""))


class Indexed(msgspec.Struct, frozen=True):
    """A document ready for any engine: what it keeps, and by field the terms that it is found by."""

    stored: Stored
    terms: dict[str, tuple[str, ...]]


def indexed(source: str, document: SearchDocument) -> Indexed:
    """Return a document's terms by field; nothing is left for an engine to analyse."""
    names = [document.original_title, *document.titles]
    spelt = [*names, *(transliterate(name) for name in names if has_cyrillic(name)),
             *(transliterate(name.casefold().replace("ё", "йо")) for name in names if "ё" in name.casefold())]
    people = [*document.people, *(transliterate(name) for name in document.people if has_cyrillic(name))]
    keys = tuple(sorted({title_key(name) for name in spelt if name} - {""}))
    facets = {"kind": (document.kind,), "genre": document.genres,
              "year": (decade(document.year),) if document.year else (), **document.facets}
    order = {locale: title_key(name) for locale, name in document.names.items() if name}
    order[""] = title_key(next((name for name in names if name), ""))
    stored = Stored(source, document.id, document.kind, digest(document), keys,
                    {name: tuple(values) for name, values in facets.items() if values}, document.year, document.rating,
                    document.votes, document.popularity, order)
    found = {"exact": keys, "title": [term for name in spelt for term in terms(name)],
             "tstem": [term for name in spelt for term in stems(name)],
             "people": [term for name in people for term in terms(name)],
             "text": [term for text in document.text for term in stems(text)]}
    return Indexed(stored, {field: tuple(dict.fromkeys(found[field])) for field in FIELDS})


def digest(document: SearchDocument) -> str:
    """Return a short hash of all that is indexed of a document."""
    return hashlib.sha256(msgspec.json.encode(document)).hexdigest()[:16]
