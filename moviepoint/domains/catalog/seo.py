"""What pages say of themselves to search engines and to those who share them."""
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from babel.core import get_global
from flask import g, request, url_for

from moviepoint.domains.catalog.contexts import Picture, Seo
from moviepoint.domains.catalog.json_ld import Node
from moviepoint.domains.catalog.words import reader, site_settings

DESCRIPTION_LENGTH = 200


def seo(*, description: str = "", picture: Picture | None = None, kind: str = "website", schema: Sequence[Node] = (),
        query: Mapping[str, object] | None = None, languages: Collection[str] = (), noindex: bool = False,
        properties: Sequence[tuple[str, str]] = ()) -> Seo:
    """Return this page's description of itself.

    `query` holds the parameters that make it another page, `languages` are those that its content has (none: all of
    the site's): in another language the page shows the next best text, and is not one of its own. A preview is never
    to be found. `properties` are further Open Graph properties, in order.
    """
    settings, to = site_settings(), reader()
    spoken = spoken_among(settings.locales, languages)
    own = next((locale for locale in (to.locale, *to.chain) if locale in spoken), spoken[0])
    addresses = {locale: absolute(locale=locale, query=query) for locale in spoken}
    alternates = list(addresses.items()) if len(settings.locales) > 1 else []
    if alternates:
        main = settings.default_locale if settings.default_locale in spoken else spoken[0]
        alternates.append(("x-default", addresses[main]))
    hidden = noindex or "preview" in g
    return Seo(canonical=addresses[own], alternates=() if hidden else alternates, description=shorten(description),
               image=full(picture.crops.get("wide", picture.src)) if picture else "",
               image_alt=picture.alt if picture else "", type=kind, schema=() if hidden else tuple(schema),
               noindex=hidden, locale=territorial(to.locale), properties=properties,
               other_locales=[territorial(locale) for locale in spoken if locale != to.locale])


def spoken_among(locales: Sequence[str], languages: Collection[str]) -> list[str]:
    """Return those of the site's locales that a content has; all of them when it has none of them."""
    return [locale for locale in locales
            if locale in languages or locale.split("-")[0] in languages] or list(locales)


def written_in(*rows: Any) -> set[str]:
    """Return the locales of rows of texts that say anything."""
    fields = ("name", "overview", "biography", "body")
    return {row.locale for row in rows if any(getattr(row, field, "") for field in fields)}


def territorial(locale: str) -> str:
    """Return a locale as Open Graph wants it, with the country where it is spoken most: "en_US", "ru_RU"."""
    tag = locale.replace("-", "_")
    likely: str = get_global("likely_subtags").get(tag.split("_")[0], tag)
    return tag if "_" in tag else f"{tag}_{likely.rsplit('_', 1)[-1]}" if "_" in likely else tag


def absolute(locale: str = "", query: Mapping[str, object] | None = None) -> str:
    """Return the present page's public address, in another locale if one is named."""
    values = dict(request.view_args or {}) | ({"locale": locale} if locale else {})
    tail = f"?{urlencode(query)}" if query else ""
    return full(url_for(request.endpoint or "pages.home", **values)) + tail


def full(path: str) -> str:
    """Return a path below the site's public address."""
    return site_settings().base_url.rstrip("/") + path


def shorten(text: str, most: int = DESCRIPTION_LENGTH) -> str:
    """Return the first words of a text, at most so many characters."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    return text[:most].rsplit(" ", 1)[0].rstrip(",;:–— ") + "…"
