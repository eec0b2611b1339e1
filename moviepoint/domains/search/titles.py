"""Titles as the back office finds them: drafts too, and what was saved a moment ago.

A task updates the index after the commit, so the newest writes are compared here and now, by the same terms.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Title, TitleText
from moviepoint.domains.search.analysis import has_cyrillic, stem, terms, transliterate
from moviepoint.domains.search.finding import MAX_TERMS
from moviepoint.domains.search.index import Query, SearchIndex
from moviepoint.hooks.types import TitleMatches
from moviepoint.kernel.db import utcnow

#: What is older is in the index, or the worker has been away for long and the reconciliation will mend it.
FRESH = timedelta(hours=1)
FRESH_TITLES = 100


def find(session: Session, index: SearchIndex, text: str, limit: int) -> TitleMatches | None:
    """Return at most `limit` titles, those saved just now first; None for a text without a word. Raises IndexMissing.

    One query, whatever the index finds.
    """
    words = tuple(terms(text)[:MAX_TERMS])
    if not words:
        return None
    found = index.matches("title", Query(text, words), limit)
    known = set(found.ids)
    fresh = [row_id for row_id in _fresh(session, words) if row_id not in known]
    return TitleMatches((*fresh, *found.ids)[:limit], found.total + len(fresh))


def _fresh(session: Session, words: Sequence[str]) -> list[int]:
    newest = select(Title.id, Title.original_title, Title.updated_at).where(
        Title.updated_at >= utcnow() - FRESH, Title.deleted_at.is_(None)).order_by(
        Title.updated_at.desc()).limit(FRESH_TITLES).subquery()
    names: dict[int, set[str]] = {}
    for row in session.execute(select(newest.c.id, newest.c.original_title, TitleText.name).outerjoin(
            TitleText, TitleText.title_id == newest.c.id).order_by(newest.c.updated_at.desc())):
        names.setdefault(row.id, set()).update(name for name in (row.original_title, row.name) if name)
    return [row_id for row_id, spelt in names.items() if _fit(words, spelt)]


def _fit(words: Sequence[str], names: Iterable[str]) -> bool:
    """Say whether each word begins a word of these names, or shares its stem."""
    spelt = {term for name in names for form in ((name, transliterate(name)) if has_cyrillic(name) else (name,))
             for term in terms(form)}
    stems = {stem(term) for term in spelt}
    return all(stem(word) in stems or any(term.startswith(word) for term in spelt) for word in words)
