"""What pages say of themselves to search engines and to those who share them."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import request, url_for

from moviepoint.domains.catalog.contexts import CreditGroup, Part, Seo, TitleView
from moviepoint.domains.catalog.words import site_settings

DESCRIPTION_LENGTH = 200


def seo(*, description: str = "", image: str = "", kind: str = "website", json_ld: Mapping[str, Any] | None = None,
        query: Mapping[str, object] | None = None) -> Seo:
    """Return this page's description of itself; `query` holds the parameters that make it another page."""
    settings = site_settings()
    addresses = {locale: absolute(locale=locale, query=query) for locale in settings.locales}
    alternates = list(addresses.items()) if len(addresses) > 1 else []
    if alternates:
        alternates.append(("x-default", addresses[settings.default_locale]))
    return Seo(canonical=absolute(query=query), alternates=alternates, description=shorten(description),
               image=full(image) if image else "", type=kind, json_ld=serialise(json_ld) if json_ld else "")


def absolute(locale: str = "", query: Mapping[str, object] | None = None) -> str:
    """Return the present page's public address, in another locale if one is named."""
    values = dict(request.view_args or {}) | ({"locale": locale} if locale else {})
    tail = f"?{urlencode(query)}" if query else ""
    return full(url_for(request.endpoint or "pages.home", **values)) + tail


def full(path: str) -> str:
    """Return a path below the site's public address."""
    return site_settings().base_url.rstrip("/") + path


def shorten(text: str) -> str:
    """Return the first words of a text, at most DESCRIPTION_LENGTH characters."""
    text = " ".join(text.split())
    if len(text) <= DESCRIPTION_LENGTH:
        return text
    return text[:DESCRIPTION_LENGTH].rsplit(" ", 1)[0].rstrip(",;:–— ") + "…"


def serialise(data: Mapping[str, Any]) -> str:
    """Return JSON that cannot close the script element that it stands in."""
    cleaned = {name: value for name, value in data.items() if value not in (None, "", [], ())}
    text = msgspec.json.encode({"@context": "https://schema.org", **cleaned}).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def title_schema(title: TitleView, directors: Sequence[CreditGroup], cast: Sequence[Part], seasons: int,
                 first_year: int | None) -> dict[str, Any]:
    """Return a title as a schema.org Movie or TVSeries."""
    people = [person for group in directors for person in group.people]
    return {
        "@type": "TVSeries" if title.kind == "series" else "Movie",
        "name": title.name.text, "alternateName": title.original_title, "url": full(title.url),
        "description": shorten(title.overview.text), "inLanguage": title.original_language,
        "image": full(title.poster.src) if title.poster else None,
        "datePublished" if title.kind == "film" else "startDate": str(first_year) if first_year else None,
        "duration": f"PT{title.runtime}M" if title.runtime else None,
        "genre": [genre.name.text for genre in title.genres],
        "countryOfOrigin": [{"@type": "Country", "name": name} for name in title.countries],
        "director": [{"@type": "Person", "name": str(person.name), "url": full(person.url)} for person in people],
        "actor": [{"@type": "Person", "name": str(part.person.name), "url": full(part.person.url)} for part in cast],
        "numberOfSeasons": seasons or None,
    }
