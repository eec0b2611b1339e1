"""What the catalogue's writes share: finding, slugs, texts, ordered lists."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import ExternalId
from moviepoint.kernel.db import Base, utcnow
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.text import normalise_language, one_line, prose, slugify

Row = TypeVar("Row", bound=Base)
MAX_SLUG = 100
PROSE = ("overview", "biography")


def find(session: Session, model: type[Row], row_id: int) -> Row:
    """Return a row by its id, or raise NotFound; what lies in the bin is not found."""
    row = session.get(model, row_id)
    if row is None or getattr(row, "deleted_at", None) is not None:
        raise NotFound()
    return row


def assign(row: Base, data: msgspec.Struct, names: Iterable[str]) -> None:
    """Set the plain fields that were given."""
    for name in names:
        value = getattr(data, name)
        if value is not UNSET:
            setattr(row, name, one_line(value) if isinstance(value, str) else value)


def language(field: str, tag: str) -> str:
    """Return a normalised language tag. Raises Invalid that names the field."""
    try:
        return normalise_language(tag)
    except ValueError:
        raise Invalid(_("%(tag)s is no language that we know.", tag=tag),
                      fields={field: [_("Use a tag such as en, ru or pt-BR.")]}) from None


def require_version(row: Any, version: int | msgspec.UnsetType) -> None:
    """Raise Conflict when somebody has saved since the version that was read."""
    if version is not UNSET and version != row.version:
        raise Conflict(_("Somebody else has saved this in the meantime. Reload it and try again."), code="stale")


def set_slug(session: Session, row: Any, wished: str | msgspec.UnsetType, source: str) -> None:
    """Give a row the slug that was asked for, or a free one made from its name when it has none."""
    model = type(row)
    if wished is not UNSET:
        owner = session.scalar(select(model.id).where(model.slug == wished))
        if owner is not None and owner != row.id:
            raise Conflict(_("The address %(slug)s is taken.", slug=wished))
        row.slug = wished
    elif not row.slug:
        base = slugify(source, MAX_SLUG - 8)
        taken = set(session.scalars(select(model.slug).where(model.slug.startswith(base, autoescape=True))))
        row.slug = next(slug for n in range(len(taken) + 1) if (slug := f"{base}-{n + 1}" if n else base) not in taken)


def set_texts(rows: list[Any], model: type[Any], texts: Mapping[str, msgspec.Struct]) -> None:
    """Write the texts given by locale; other locales and fields left out stay. All empty, a locale loses its row."""
    given = {language("texts", locale): text for locale, text in texts.items()}
    existing = {row.locale: row for row in rows}
    for locale, text in given.items():
        fields = text.__struct_fields__
        values = {name: prose(value) if name in PROSE else one_line(value) for name in fields
                  if (value := getattr(text, name)) is not UNSET}
        row = existing.get(locale)
        present = {name: getattr(row, name) if row is not None else "" for name in fields}
        if not any((present | values).values()):
            if row is not None:
                rows.remove(row)
            continue
        if row is None:
            row = model(locale=locale)
            rows.append(row)
        for name, value in (dict.fromkeys(fields, "") | present | values).items():
            if getattr(row, name) != value:
                setattr(row, name, value)
                row.updated_at = utcnow()


def set_rows(rows: list[Any], model: type[Any], wanted: Sequence[Mapping[str, Any]]) -> None:
    """Make an ordered list of rows equal to `wanted`, row by row: an unchanged list writes nothing."""
    for position, values in enumerate(wanted):
        if position == len(rows):
            rows.append(model())
        row = rows[position]
        for name, value in {**values, "position": position}.items():
            if getattr(row, name) != value:
                setattr(row, name, value)
    del rows[len(wanted):]


def set_external_ids(rows: list[ExternalId], ids: Mapping[str, str]) -> None:
    """Make the ids elsewhere equal to `ids` by scheme."""
    existing = {row.scheme: row for row in rows}
    for scheme, value in ids.items():
        if scheme in existing:
            existing[scheme].value = one_line(value)
        else:
            rows.append(ExternalId(scheme=scheme, value=one_line(value)))
    for scheme in existing.keys() - ids.keys():
        rows.remove(existing[scheme])


def by_slug(session: Session, model: Any, slugs: Sequence[str], field: str) -> list[Any]:
    """Return rows by their slugs, in the order given. Raises Invalid that names those that are not there."""
    found = {row.slug: row for row in session.scalars(select(model).where(model.slug.in_(set(slugs))))} if slugs else {}
    if missing := [slug for slug in slugs if slug not in found]:
        names = ", ".join(missing)
        raise Invalid(_("There is nothing called %(slug)s.", slug=names), fields={field: missing})
    return [found[slug] for slug in dict.fromkeys(slugs)]
