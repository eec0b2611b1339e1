"""What the search page gives to its template."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import escape

from moviepoint.domains.catalog.contexts import Choice, Pager, Picture, Words


@dataclass(frozen=True, slots=True)
class Marked:
    """A text with the words that were looked for; as a variable of a template it is HTML with `<mark>` that is safe.

    `ranges` are (from, to before) in code points; `lang` is empty when the text is in the page's language.
    """

    field: str  # "name", "title" for another name, "people" or "text"
    text: str
    ranges: Sequence[tuple[int, int]] = ()
    lang: str = ""

    def __str__(self) -> str:
        return self.text

    def __html__(self) -> str:
        done, pieces = 0, list[str]()
        for start, end in self.ranges:
            pieces += escape(self.text[done:start]), "<mark>", escape(self.text[start:end]), "</mark>"
            done = end
        return "".join((*pieces, escape(self.text[done:])))


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found. `note` stands below the name: years and the like; `url`, `name` and `picture` are a card's.

    `marked` is the name with the words that were looked for, `title` another name of it that has them, `people` who
    has them in their names, and `excerpt` a part of the overview.
    """

    kind: str  # "film", "series" or "person"
    url: str
    name: Words
    note: str = ""
    picture: Picture | None = None
    original_title: str = ""  # empty when it is the name
    marked: Marked | None = None
    title: Marked | None = None
    people: Sequence[Marked] = ()
    excerpt: Marked | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to narrow what was found; an active choice's address takes it away again.

    `more` are choices beyond the first ones and those that are active.
    """

    name: str  # "genre"; stands in the address
    heading: str
    choices: Sequence[Choice]
    more: Sequence[Choice] = ()


@dataclass(frozen=True, slots=True)
class SearchPage:
    """`site/search.html`. `message` says why a query was not run, or is empty; `suggestion` is "did you mean".

    `chosen` is how many choices narrow the results, `clear_url` where none does.
    """

    query: str
    pager: Pager
    hits: Sequence[Hit] = ()
    facets: Sequence[Facet] = ()
    orders: Sequence[Choice] = ()
    chosen: int = 0
    clear_url: str = ""
    suggestion: Choice | None = None
    message: str = ""
