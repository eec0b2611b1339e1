"""Between a title's form in the back office and its Input struct."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.documents import RELEASE_FIELDS
from moviepoint.domains.catalog.models import Company, Keyword, Person, Title
from moviepoint.domains.catalog.schemas import CompanyInput, PersonInput, TermInput, TitleInput
from moviepoint.domains.catalog.services.terms import label_of
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import current_locale
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.text import slugify
from moviepoint.shells.admin.forms import by_locale, number_or_none, parse, rows

TEXTS = ("name", "tagline", "overview")
PLAIN = ("kind", "original_title", "original_language", "slug", "year", "end_year", "runtime", "countries", "version")
#: The columns of each table in the form.
TABLES: Mapping[str, tuple[str, ...]] = {
    "credits": ("person_id", "person", "department", "job", "character", "guest"),
    "companies": ("company", "role"),
    "releases": RELEASE_FIELDS,
    "alternative_titles": ("name", "locale", "country", "note"),
    "extras": ("kind", "name", "locale", "url"),
    "external_ids": ("scheme", "value"),
}
BLANKS = {"credits": 2}
Form = MultiDict[str, str]


def title_input(session: Session, actor: Actor, form: Form, locales: Sequence[str]) -> TitleInput:
    """Return what was typed into a title's form; words and companies not yet known are entered on the way.

    Raises Invalid that names the field.
    """
    values: dict[str, Any] = {"texts": by_locale(form, TEXTS, locales)}
    if form.get("version"):
        values["version"] = form["version"].strip()
    if "original_title" not in form:  # a translator's form holds texts only
        return parse(TitleInput, values)
    values |= {
        "original_title": form["original_title"].strip(),
        "original_language": form.get("original_language", "").strip(),
        "countries": _codes(form.get("countries", "")),
        "genres": form.getlist("genres"), "locks": form.getlist("locks"),
        "keywords": [_keyword(session, actor, word) for word in form.get("keywords", "").split(",") if word.strip()],
        "credits": _credits(session, actor, form),
        "companies": [{"company": _company(session, actor, row.get("company", "")), "role": row.get("role") or
                       "production"} for row in rows(form, "companies") if row.get("company")],
        "releases": [_release(row) for row in rows(form, "releases")],
        "alternative_titles": [row | {"country": row.get("country", "").upper()}
                               for row in rows(form, "alternative_titles")],
        "extras": [row | {"kind": row.get("kind") or "trailer"} for row in rows(form, "extras")],
        "external_ids": {row.get("scheme", "").lower(): row.get("value", "") for row in rows(form, "external_ids")}}
    for name in ("year", "end_year", "runtime"):
        values[name] = number_or_none(form.get(name))
    for name in ("kind", "slug"):
        if form.get(name):
            values[name] = form[name].strip()
    return parse(TitleInput, values)


def title_values(form: Form | None, title: Title | None, locales: Sequence[str]) -> dict[str, Any]:
    """Return what a title's form shows: what was just typed, else what is stored."""
    if form is not None:
        values: dict[str, Any] = {name: form.get(name, "") for name in (*PLAIN, "keywords")}
        values |= {f"{name}:{locale}": form.get(f"{name}:{locale}", "") for name in TEXTS for locale in locales}
        tables = {name: rows(form, name) for name in TABLES}
        values |= {"genres": form.getlist("genres"), "locks": form.getlist("locks")}
    elif title is None:
        values, tables = {"kind": "film", "genres": [], "locks": []}, {}
    else:
        values = {name: getattr(title, name) for name in PLAIN}
        values |= {f"{name}:{text.locale}": getattr(text, name) for text in title.texts for name in TEXTS}
        values |= {"genres": [genre.slug for genre in title.genres], "locks": title.locks,
                   "keywords": ", ".join(label_of(keyword) for keyword in title.keywords)}
        tables = _tables(title)
    for name, columns in TABLES.items():
        blank = dict.fromkeys(columns, "")
        values[name] = [blank | row for row in tables.get(name, [])] + [blank] * BLANKS.get(name, 1)
    return values


def _tables(title: Title) -> dict[str, list[dict[str, Any]]]:
    return {
        "credits": [{"person_id": credit.person_id, "person": credit.person.name, "department": credit.department,
                     "job": credit.job, "character": credit.character, "guest": credit.guest}
                    for credit in title.credits],
        "companies": [{"company": label_of(row.company), "role": row.role} for row in title.companies],
        "external_ids": [{"scheme": row.scheme, "value": row.value} for row in title.external_ids],
        **{name: [{column: getattr(row, column) for column in TABLES[name]} for row in getattr(title, name)]
           for name in ("releases", "alternative_titles", "extras")}}


def _codes(text: str) -> list[str]:
    return text.upper().replace(",", " ").split()


def _release(row: dict[str, str]) -> dict[str, Any]:
    return row | {"country": row.get("country", "").upper(), "kind": row.get("kind") or "theatrical",
                  "date": row.get("date") or None, "minimum_age": number_or_none(row.get("minimum_age"))}


def _keyword(session: Session, actor: Actor, word: str) -> str:
    word = " ".join(word.split())
    found = session.scalar(select(Keyword).where(Keyword.slug == slugify(word)).limit(1)) or session.scalar(
        select(Keyword).where(Keyword.texts.any(name=word)).limit(1))
    if found is None:
        found = services.save_term(session, actor, Keyword, parse(TermInput, {"names": {current_locale(): word}}))
    slug: str = found.slug
    return slug


def _company(session: Session, actor: Actor, name: str) -> str:
    name = " ".join(name.split())
    found = session.scalar(select(Company).where(Company.texts.any(name=name)).limit(1)) or session.scalar(
        select(Company).where(Company.slug == slugify(name)).limit(1))
    if found is None:
        found = services.save_term(session, actor, Company, parse(CompanyInput, {"names": {current_locale(): name}}))
    slug: str = found.slug
    return slug


def _credits(session: Session, actor: Actor, form: Form) -> list[dict[str, Any]]:
    """Return the credits; names that were typed and not chosen are sought in one query, and must be one person's."""
    typed = rows(form, "credits")
    names = {row.get("person", "") for row in typed if not row.get("person_id", "").isdigit()} - {""}
    found: dict[str, list[int]] = {name: [] for name in names}
    for row in session.execute(select(Person.id, Person.name).where(
            Person.name.in_(names), Person.deleted_at.is_(None))) if names else ():
        found[row.name].append(row.id)
    if form.get("create_people"):
        for name in [name for name, ids in found.items() if not ids]:
            found[name] = [services.save_person(session, actor, parse(PersonInput, {"name": name})).id]
    return [_credit(row, found) for row in typed if row.get("person") or row.get("person_id")]


def _credit(row: Mapping[str, str], found: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    values = {"department": row.get("department") or "acting", "job": row.get("job", ""),
              "character": row.get("character", ""), "guest": bool(row.get("guest"))}
    if row.get("person_id", "").isdigit():
        return values | {"person_id": row["person_id"]}
    name = row.get("person", "")
    ids = found.get(name, ())
    if len(ids) != 1:
        reason = _("Several people are called %(name)s; choose one from the list.", name=name) if ids else _(
            "There is nobody called “%(name)s” yet. Enter the person first, or tick “Enter people who are new”.",
            name=name)
        raise Invalid(reason, fields={"credits": [reason]})
    return values | {"person_id": ids[0]}
