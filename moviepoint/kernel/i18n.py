"""Languages: the locale of a request, translated text, and catalogues of core, plugins and themes.

The locale is the first part of a page's address (/ru/…). Elsewhere it is the viewer's cookie, then
Accept-Language, then the site's default.
"""
from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations
from babel.units import format_unit
from flask import Flask, abort, current_app, g, has_request_context, request
from flask_babel import Babel, force_locale, get_translations
from flask_babel.speaklater import LazyString

from moviepoint.kernel.files import write_whole
from moviepoint.kernel.text import text_direction
from moviepoint.settings import Settings

__all__ = ["LOCALE_COOKIE", "compile_catalogues", "current_locale", "fallback_chain", "gettext", "init_app",
           "lazy_gettext", "ngettext", "pgettext", "use_locale"]

log = structlog.get_logger(__name__)
LOCALE_COOKIE = "locale"
UNTRANSLATED = NullTranslations()  # where no app is at work


def init_app(app: Flask, settings: Settings, catalogues: Iterable[Path]) -> None:
    """Install Flask-Babel over all catalogue folders and the locale in addresses."""
    folders = [path for path in catalogues if path.is_dir()]
    compile_catalogues(folders)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(map(str, folders))
    app.config["BABEL_DEFAULT_LOCALE"] = settings.default_locale
    Babel(app, locale_selector=lambda: current_locale().replace("-", "_"))
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=gettext, ngettext=lambda one, many, count: _catalogue().ungettext(one, many, count), pgettext=pgettext,
        npgettext=lambda context, one, many, count: _catalogue().unpgettext(context, one, many, count),
        newstyle=True)

    @app.url_value_preprocessor
    def take_locale(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values and "locale" in values and request.endpoint and _is_localised(request.endpoint):
            locale = values.pop("locale")
            if locale not in settings.locales:
                abort(404)
            g.locale = locale

    @app.url_defaults
    def add_locale(endpoint: str, values: dict[str, Any]) -> None:
        if "locale" not in values and _is_localised(endpoint):
            values["locale"] = current_locale()

    app.jinja_env.filters["in_bytes"] = in_bytes
    app.jinja_env.globals.update(current_locale=current_locale, text_direction=text_direction,
                                 locale_name=locale_name)


def gettext(text: str, **values: object) -> str:
    """Return a text in the reader's language, with its `%(name)s` filled in."""
    translated = str(_catalogue().ugettext(text))
    return translated % values if values else translated


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """Return a text for a number, which is `%(num)s` in it, in the form that the language has for it."""
    return str(_catalogue().ungettext(one, many, num)) % {"num": num, **values}


def pgettext(context: str, text: str, **values: object) -> str:
    """Return a text that needs a context to be understood, in the reader's language."""
    translated = str(_catalogue().upgettext(context, text))
    return translated % values if values else translated


def lazy_gettext(text: str, **values: object) -> LazyString:
    """Return a text that is translated when it is shown: for what is said before anybody asks."""
    return LazyString(gettext, text, **values)


def _catalogue() -> NullTranslations:
    """Return what words are translated by; Flask-Babel would look for the locale anew for each of them."""
    if not current_app:
        return UNTRANSLATED
    kept: dict[str, NullTranslations] = current_app.extensions.setdefault("moviepoint.catalogues", {})
    locale = current_locale()
    if locale not in kept:
        kept[locale] = get_translations()
    return kept[locale]


def _is_localised(endpoint: str) -> bool:
    return current_app.url_map.is_endpoint_expecting(endpoint, "locale")


def current_locale() -> str:
    """Return the locale in which to answer, one of the site's."""
    chosen: str | None = g.get("locale")
    if chosen:
        return chosen
    settings: Settings = current_app.extensions["moviepoint.settings"]
    if has_request_context():
        wished = request.cookies.get(LOCALE_COOKIE)
        g.locale = wished if wished in settings.locales else (
            request.accept_languages.best_match(settings.locales) or settings.default_locale)
        return str(g.locale)
    return settings.default_locale


def in_bytes(size: int) -> str:
    """Return a size in words of the reader's language: "1.5 GB", "1,5 ГБ". Units are those of thousands."""
    amount, unit = float(size), "byte"
    for unit in ("byte", "kilobyte", "megabyte", "gigabyte", "terabyte"):
        if amount < 1000 or unit == "terabyte":
            break
        amount /= 1000
    locale = current_locale().replace("-", "_")
    return format_unit(round(amount, 1 if unit != "byte" else 0), f"digital-{unit}", "short", locale=locale)


@contextmanager
def use_locale(locale: str) -> Iterator[None]:
    """Answer in `locale` inside the block: for mail, tasks and the API's `language=`."""
    before = g.get("locale")
    g.locale = locale
    try:
        with force_locale(locale.replace("-", "_")):
            yield
    finally:
        g.locale = before


def fallback_chain(locale: str, default: str, original: str | None = None) -> list[str]:
    """Return the locales in which to look for a text: `pt-BR → pt → site default → original`."""
    parts = locale.split("-")
    chain = ["-".join(parts[:n]) for n in range(len(parts), 0, -1)] + [default]
    return list(dict.fromkeys(chain + ([original] if original else [])))


def locale_name(tag: str) -> str:
    """Return a locale's name in its own language, as a language menu shows it."""
    name = Locale.parse(tag.replace("-", "_")).get_display_name() or tag
    return name[0].upper() + name[1:]


def compile_catalogues(folders: Iterable[Path]) -> None:
    """Bring each folder's .mo files up to date with its .po files; a folder that is read-only stays."""
    for po in (path for folder in folders for path in folder.glob("*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        try:
            with po.open("rb") as source:
                catalogue = read_po(source, locale=po.parent.parent.name)
            compiled = io.BytesIO()
            write_mo(compiled, catalogue)
            write_whole(mo, compiled.getvalue())  # all processes of a site start at once
        except OSError as error:
            log.warning("translations not compiled", file=str(po), error=str(error))

