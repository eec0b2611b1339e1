"""A hundred thousand made-up titles, written straight into the database: what benchmarks list and search."""
from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.catalog.models import (
    Credit,
    Genre,
    GenreText,
    Image,
    Person,
    Title,
    TitleGenre,
    TitleText,
)
from moviepoint.kernel.db import utcnow

GENRES = ("action", "adventure", "animation", "comedy", "crime", "documentary", "drama", "family", "fantasy", "history",
          "horror", "music", "mystery", "noir", "romance", "science-fiction", "short", "thriller", "war", "western")
LATIN, CYRILLIC = ("bcdfglmnprstvz", "aeiou"), ("бвгдклмнпрст", "аеиоу")
BATCH = 5_000
CAST = 24  # credits of the title that is edited
#: In about one name of a hundred: what the benchmark searches for.
SOUGHT = "harbour"


def fill(session: Session, count: int) -> int:
    """Enter `count` titles, a third as many people, three credits a title; return the id of the one with 24 credits."""
    chance = random.Random(7)  # the same catalogue each time
    english, russian = vocabulary(chance, LATIN), vocabulary(chance, CYRILLIC)
    admin = create_user(session, "administrator@example.org", "no password", ("administrator",))
    session.flush()
    session.execute(insert(Genre), [{"id": n, "slug": slug} for n, slug in enumerate(GENRES, 1)])
    session.execute(insert(GenreText), [{"genre_id": n, "locale": "en", "name": slug.title()}
                                        for n, slug in enumerate(GENRES, 1)])
    people = max(CAST, count // 3)
    write(session, Person, ({"id": n, "slug": f"person-{n}", "name": f"{english(chance)} {english(chance)}".title()}
                            for n in range(1, people + 1)))
    write(session, Title, (title(n, chance, english, admin) for n in range(1, count + 1)))
    write(session, TitleText, itertools.chain.from_iterable(
        texts(n, chance, english, russian) for n in range(1, count + 1)))
    write(session, TitleGenre, ({"title_id": n, "genre_id": genre} for n in range(1, count + 1)
                                for genre in chance.sample(range(1, len(GENRES) + 1), 2)))
    write(session, Credit, ({"title_id": n, "person_id": chance.randint(1, people), "position": place,
                             "department": "directing" if place == 0 else "acting", "character": english(chance)}
                            for n in range(1, count + 1) for place in range(CAST if n == count // 2 else 3)))
    write(session, Image, ({"title_id": n, "kind": "poster", "key": f"images/{n:08d}", "width": 600, "height": 900}
                           for n in range(1, count + 1) if n % 10 < 7))
    session.commit()
    return count // 2


def administrator(session: Session) -> User:
    """Return the one who was entered by `fill`."""
    return session.scalars(select(User)).one()


def vocabulary(chance: random.Random, letters: tuple[str, str]) -> Any:
    """Return a function that draws one of 8,000 words, the first ones far more often."""
    consonants, vowels = letters
    words = sorted({"".join(chance.choice(consonants) + chance.choice(vowels) for _ in range(chance.randint(2, 4)))
                    for _ in range(8_000)}, key=lambda _word: chance.random())
    return lambda source: words[int(len(words) * source.random() ** 3)]


def title(n: int, chance: random.Random, english: Any, admin: User) -> dict[str, Any]:
    """Return one row of titles; seven of ten are public."""
    name = " ".join(english(chance) for _ in range(chance.randint(1, 3)))
    return {"id": n, "kind": "series" if n % 5 == 0 else "film", "slug": f"title-{n}", "original_title": name.title(),
            "original_language": "en", "year": chance.randint(1920, 2025), "runtime": chance.randint(5, 200),
            "countries": chance.choice(("FR", "US", "RU DE", "JP")), "added_by_id": admin.id, "locks": [],
            "status": "published" if n % 10 < 7 else "draft", "published_at": utcnow() if n % 10 < 7 else None,
            "created_at": utcnow().replace(year=2025), "updated_at": utcnow().replace(year=2025)}


def texts(n: int, chance: random.Random, english: Any, russian: Any) -> Iterator[dict[str, Any]]:
    """Yield a title's texts: English always, Russian for two of three."""
    sought = f"{SOUGHT} " if chance.random() < 0.01 else ""
    for locale, words in (("en", english), *((("ru", russian),) if n % 3 else ())):
        yield {"title_id": n, "locale": locale, "tagline": "",
               "name": (sought + " ".join(words(chance) for _ in range(chance.randint(1, 3)))).capitalize(),
               "overview": " ".join(words(chance) for _ in range(18)).capitalize() + "."}


def write(session: Session, model: Any, rows: Iterator[dict[str, Any]]) -> None:
    """Insert rows, some thousands at a time."""
    while part := list(itertools.islice(rows, BATCH)):
        session.execute(insert(model), part)
