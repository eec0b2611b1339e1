"""Writes: the home page's rows, static pages and menus, each as a whole, so that order is part of what is saved."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.history.services import record
from moviepoint.domains.pages import queries
from moviepoint.domains.pages.models import HomeRow, MenuEntry, StaticPage, StaticPageText
from moviepoint.domains.pages.policies import EDIT
from moviepoint.domains.pages.schemas import MOST_ENTRIES, MOST_ROWS, HomeRowInput, MenuEntryInput, StaticPageInput
from moviepoint.hooks.types import HomeRowKind, RowOption
from moviepoint.kernel.errors import Conflict, Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.text import normalise_language, one_line, prose

HOME, PAGE, MENU = "home-page", "static-page", "menu"
MOST_TITLES = 60
YEARS = range(1870, 2200)
INSIDE = re.compile(r"/(?!/)[^\s\\]*", re.ASCII)
ELSEWHERE = re.compile(r"(https?://|mailto:)[^\s<>\"\\]+", re.ASCII)
Document = dict[str, Any]


def save_home(session: Session, actor: Actor, rows: Sequence[HomeRowInput], kinds: Mapping[str, HomeRowKind]) -> None:
    """Make the home page's rows equal to `rows`, in their order; none at all brings the usual ones back.

    Raises Forbidden, Invalid whose fields name the row ("rows[2].titles").
    """
    require(actor, EDIT)
    if len(rows) > MOST_ROWS:
        raise Invalid(_("A home page has %(most)s rows at most.", most=MOST_ROWS))
    before = home_document(queries.home_rows(session, hidden=True))
    faults: dict[str, list[str]] = {}
    made = [_row(session, row, kinds, f"rows[{place}]", faults) for place, row in enumerate(rows)]
    if faults:
        raise Invalid(_("The home page was not saved. See the sentences beside its rows."), fields=faults)
    session.execute(delete(HomeRow))
    for place, row in enumerate(made):
        row.position = place
        session.add(row)
    session.flush()
    record(session, actor, "changed", HOME, 1, str(_("Home page")), before=before, after=home_document(made))


def _row(session: Session, data: HomeRowInput, kinds: Mapping[str, HomeRowKind], place: str,
         faults: dict[str, list[str]]) -> HomeRow:
    kind = kinds.get(data.kind)
    if kind is None:
        faults[f"{place}.kind"] = [_("There is no such kind of row.")]
        return HomeRow(kind=data.kind)
    known = {option.name: option for option in kind.options}
    options = {}
    for name, option in known.items():
        try:
            value = _option(session, option, data.options.get(name))
        except Invalid as fault:
            faults[f"{place}.{name}"] = [fault.message]
            continue
        if value not in (None, "", []):
            options[name] = value
    if unknown := data.options.keys() - known:
        faults[f"{place}.options"] = [_("This kind of row has no %(names)s.", names=", ".join(sorted(unknown)))]
    headings = {language(locale): one_line(text) for locale, text in data.headings.items() if one_line(text)}
    if not headings and kind.headings is not None:
        headings = dict(kind.headings(session, options))
    return HomeRow(kind=data.kind, headings=headings, options=options, hidden=data.hidden)


def _option(session: Session, option: RowOption, value: Any) -> Any:
    """Return an option's value as it is kept. Raises Invalid."""
    if option.kind == "titles":
        value = _titles(session, value)
    elif option.kind == "number":
        value = _year(value)
    else:
        value = one_line(str(value or ""))[:200]
        choices = option.choices(session, ()) if option.choices else None
        if choices is not None and value and value not in {str(choice) for choice, _label in choices}:
            raise Invalid(_("Choose one of those that there are."))
    if option.required and not value:
        raise Invalid(_("This must not be empty."))
    return value


def _year(value: Any) -> int | None:
    if value in (None, ""):
        return None
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and len(text) == 4 and int(text) in YEARS):
        raise Invalid(_("Type a year of four digits."))
    return int(text)


def _titles(session: Session, value: Any) -> list[int]:
    """Return ids from ids or slugs, in order and each once."""
    wanted = [str(item).strip().strip("/").rsplit("/", 1)[-1] for item in
              (value.split() if isinstance(value, str) else list(value or ()))]
    if len(wanted) > MOST_TITLES:
        raise Invalid(_("A row has %(most)s titles at most.", most=MOST_TITLES))
    rows = session.execute(select(Title.id, Title.slug).where(Title.deleted_at.is_(None), (Title.slug.in_(wanted)) | (
        Title.id.in_([int(item) for item in wanted if item.isascii() and item.isdigit() and len(item) < 10])))).all()
    found = {str(row.id): row.id for row in rows} | {row.slug: row.id for row in rows}
    if missing := [item for item in wanted if item not in found]:
        raise Invalid(_("There is nothing called %(slug)s.", slug=", ".join(missing)[:200]))
    return list(dict.fromkeys(found[item] for item in wanted))


def save_page(session: Session, actor: Actor, data: StaticPageInput, slug: str = "") -> StaticPage:
    """Make a static page, or change the one that is at `slug` now. Raises Forbidden, NotFound, Conflict, Invalid."""
    require(actor, EDIT)
    page = queries.static_page(session, actor, slug) if slug else None
    taken = session.scalar(select(StaticPage.id).where(StaticPage.slug == data.slug))
    if taken is not None and (page is None or taken != page.id):
        raise Conflict(_("The address %(slug)s is taken.", slug=data.slug))
    before = page_document(page) if page else {}
    if page is None:
        page = StaticPage()
        session.add(page)
    page.slug, page.status = data.slug, data.status
    texts = {text.locale: text for text in page.texts}
    for locale, given in ((language(locale), text) for locale, text in data.texts.items()):
        name, body = one_line(given.name), prose(given.body)
        if not (name or body):
            if locale in texts:
                page.texts.remove(texts[locale])
            continue
        if locale not in texts:
            texts[locale] = StaticPageText(locale=locale)
            page.texts.append(texts[locale])
        texts[locale].name, texts[locale].body = name, body
    if not any(text.name for text in page.texts):
        sentence = _("A page needs a name in one language at least.")
        raise Invalid(sentence, fields={"texts": [sentence]})
    session.flush()
    record(session, actor, "changed" if before else "created", PAGE, page.id, page.slug, before=before,
           after=page_document(page))
    return page


def delete_page(session: Session, actor: Actor, slug: str) -> None:
    """Delete a static page; its history keeps its text. Raises Forbidden, NotFound."""
    require(actor, EDIT)
    page = queries.static_page(session, actor, slug)
    record(session, actor, "deleted", PAGE, page.id, page.slug, before=page_document(page), after={})
    session.delete(page)
    session.flush()


def save_menu(session: Session, actor: Actor, place: str, entries: Sequence[MenuEntryInput]) -> None:
    """Make a menu's entries equal to `entries`; none at all brings the usual ones back. Raises Forbidden, Invalid."""
    require(actor, EDIT)
    if len(entries) > MOST_ENTRIES:
        raise Invalid(_("A menu has %(most)s entries at most.", most=MOST_ENTRIES))
    before = menu_document(queries.menu_entries(session, place))
    faults: dict[str, list[str]] = {}
    made = []
    slugs = set(session.scalars(select(StaticPage.slug)))
    for number, entry in enumerate(entries):
        labels = {language(locale): one_line(text) for locale, text in entry.labels.items() if one_line(text)}
        target = entry.target.strip()
        if not labels:
            faults[f"{place}[{number}].labels"] = [_("An entry needs a name in one language at least.")]
        if not (INSIDE.fullmatch(target) or ELSEWHERE.fullmatch(target) or target in slugs):
            faults[f"{place}[{number}].target"] = [
                _("Write /films for a page of this site, the name of a static page, or a whole address.")]
        made.append(MenuEntry(place=place, labels=labels, target=target, position=number))
    if faults:
        raise Invalid(_("The menu was not saved. See the sentences beside its entries."), fields=faults)
    session.execute(delete(MenuEntry).where(MenuEntry.place == place))
    session.add_all(made)
    session.flush()
    record(session, actor, "changed", MENU, 1 + (place == "footer"), place, before=before, after=menu_document(made))


def language(tag: str) -> str:
    """Return a normalised language tag. Raises Invalid."""
    try:
        return normalise_language(tag)
    except ValueError:
        raise Invalid(_("%(tag)s is no language that we know.", tag=tag[:40])) from None


def home_document(rows: Sequence[HomeRow]) -> Document:
    """Return the home page as history keeps it."""
    return {"rows": [{"kind": row.kind, "headings": row.headings, "options": row.options, "hidden": bool(row.hidden)}
                     for row in rows]}


def page_document(page: StaticPage) -> Document:
    """Return a page as history keeps it."""
    return {"slug": page.slug, "status": page.status,
            "texts": {text.locale: {"name": text.name, "body": text.body} for text in page.texts}}


def menu_document(entries: Sequence[MenuEntry]) -> Document:
    """Return a menu as history keeps it."""
    return {"entries": [{"labels": entry.labels, "target": entry.target} for entry in entries]}
