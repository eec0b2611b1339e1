"""Reads for cards: titles in few columns, many lists of them in one query, and their pictures in another."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, and_, bindparam, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Image, Title, TitleText
from moviepoint.kernel.db import read


class TextName(NamedTuple):
    """A name in one locale."""

    locale: str
    name: str


class ImageRow(NamedTuple):
    """A picture; `locale` is empty when nothing is written in it."""

    id: int
    kind: str
    locale: str
    width: int
    height: int
    placeholder: str
    alt: str
    focal_x: int
    focal_y: int


class CardRow(NamedTuple):
    """What a card shows of a title; `texts` has (locale, name), `poster` the picture's columns."""

    id: int
    kind: str
    slug: str
    original_title: str
    original_language: str
    year: int | None
    end_year: int | None
    texts: Sequence[TextName]
    poster: ImageRow | None


#: Columns of a title's own in a card, in the order of `CardRow`.
CARD_COLUMNS = (Title.id, Title.kind, Title.slug, Title.original_title, Title.original_language, Title.year,
                Title.end_year)
IMAGE_COLUMNS = (Image.id, Image.kind, Image.locale, Image.width, Image.height, Image.placeholder, Image.alt,
                 Image.focal_x, Image.focal_y)

#: The locales in which a page looks for texts, in order: a value of each statement that reads names.
CHAIN: Any = bindparam("chain", expanding=True)
_TITLE_IMAGES = select(Image.title_id, *IMAGE_COLUMNS).where(or_(
    and_(Image.title_id.in_(bindparam("ids", expanding=True)), Image.kind == "poster"),
    and_(Image.title_id.in_(bindparam("pictured", expanding=True)), Image.kind == "backdrop"),
)).order_by(Image.position, Image.id)


class CardStatement(NamedTuple):
    """A statement for lists of cards: made once where the lists are always the same, since that costs more than to
    ask. It takes `chain` and what the lists themselves take.
    """

    names: Sequence[str]
    statement: Any  # None without lists


class CardLists(NamedTuple):
    """Lists of cards by their names, and pictures of further titles that were asked for along with them."""

    rows: Mapping[str, Sequence[CardRow]]
    pictures: Mapping[int, Sequence[ImageRow]]  # posters and backdrops by title


def public(statement: Any) -> Any:
    """Narrow a select of titles to public ones; Select's type says its columns, which stay as they are."""
    return statement.where(Title.status == "published")


def placed(statement: Any, *order: Any, limit: Any, offset: int = 0) -> Any:
    """Return a select of titles' ids with their places in an order, cut to a part of it."""
    return (statement.add_columns(func.row_number().over(order_by=order).label("place"))
            .order_by(*order).offset(offset).limit(limit))


def card_statement(chosen: Mapping[str, Any]) -> CardStatement:
    """Return the statement for lists by their names, each a select as `placed` makes it."""
    parts = [select(literal(number).label("list"), part.c.id, part.c.place)
             for number, part in enumerate(statement.subquery() for statement in chosen.values())]
    if not parts:
        return CardStatement((), None)
    picked = union_all(*parts).subquery() if len(parts) > 1 else parts[0].subquery()
    titles = public(select(picked.c.list, *CARD_COLUMNS, TitleText.locale, TitleText.name).select_from(Title)
                    .join(picked, picked.c.id == Title.id))
    return CardStatement(list(chosen), titles.outerjoin(TitleText, and_(
        TitleText.title_id == Title.id, TitleText.locale.in_(CHAIN), TitleText.name != ""
    )).order_by(picked.c.list, picked.c.place))


def card_lists(session: Session, chosen: CardStatement | Mapping[str, Any], chain: Sequence[str],
               pictured: Sequence[int] = (), **values: object) -> CardLists:
    """Return several lists of cards in two queries, however many and long they are.

    `chosen` is a statement with its `values`, or maps names to selects as `placed` makes them; what is not public is
    left out. `pictured` are titles whose posters and backdrops come along.
    """
    names, statement = chosen if isinstance(chosen, CardStatement) else card_statement(chosen)
    found: dict[int, dict[int, list[Any]]] = {number: {} for number in range(len(names))}
    if statement is not None:
        for number, *columns, locale, name in read(session, statement, {"chain": chain, **values}):
            titles = found[number].setdefault(columns[0], [*columns, []])
            if name:
                titles[-1].append(TextName(locale, name))
    ids = {title_id for titles in found.values() for title_id in titles}
    images = title_images(session, ids, pictured)
    posters = {i: best_image([image for image in rows if image.kind == "poster"], chain) for i, rows in images.items()}
    rows = {name: [CardRow._make([*columns, posters.get(columns[0])]) for columns in found[number].values()]
            for number, name in enumerate(names)}
    return CardLists(rows, {title_id: images.get(title_id, ()) for title_id in pictured})


def load_cards(session: Session, ids: Sequence[int], chain: Sequence[str]) -> dict[int, CardRow]:
    """Return cards by id, in two queries whatever their number; ids that are gone are left out."""
    if not ids:
        return {}
    return {row.id: row for row in card_lists(session, _by_ids(), chain, ids=ids, most=len(ids)).rows[""]}


@cache
def _by_ids() -> CardStatement:
    ids: Any = bindparam("ids", expanding=True)
    return card_statement({"": placed(select(Title.id).where(Title.id.in_(ids)), Title.id,
                                       limit=bindparam("most", type_=Integer))})


def title_images(session: Session, ids: Iterable[int], pictured: Sequence[int] = ()) -> dict[int, list[ImageRow]]:
    """Return titles' posters, and the backdrops of those that are `pictured`, in order."""
    found: dict[int, list[ImageRow]] = {}
    for row in read(session, _TITLE_IMAGES, {"ids": [*ids, *pictured], "pictured": list(pictured)}):
        found.setdefault(row[0] or 0, []).append(ImageRow._make(row[1:]))
    return found


def images_of(session: Session, owner: Any, ids: Sequence[int], kind: str,
              chain: Sequence[str]) -> dict[int, ImageRow]:
    """Return the best picture of a kind for each owner: in the first locale of the chain, else without words."""
    if not ids:
        return {}
    found: dict[int, list[ImageRow]] = {}
    for row in read(session, _images_of(owner), {"ids": ids, "kind": kind}):
        found.setdefault(row[0], []).append(ImageRow._make(row[1:]))
    best = {owner_id: best_image(images, chain) for owner_id, images in found.items()}
    return {owner_id: image for owner_id, image in best.items() if image is not None}


@cache
def _images_of(owner: Any) -> Any:
    return select(owner, *IMAGE_COLUMNS).where(
        owner.in_(bindparam("ids", expanding=True)), Image.kind == bindparam("kind")).order_by(Image.position, Image.id)


def best_image(images: Sequence[ImageRow], chain: Sequence[str]) -> ImageRow | None:
    """Return the picture to show a reader of this chain of locales; the first of all when none fits."""
    places = {locale: n for n, locale in enumerate([*chain, ""])}
    return min(images, key=lambda image: places.get(image.locale, len(places)), default=None)


def names_by_owner(rows: Iterable[Sequence[object]]) -> dict[int, list[TextName]]:
    """Return names by owner from rows of (owner, locale, name)."""
    found: dict[int, list[TextName]] = {}
    for owner, locale, name in rows:
        found.setdefault(int(str(owner)), []).append(TextName(str(locale), str(name)))
    return found
