"""NFO files: what Kodi and Jellyfin write beside a film, read into documents.

An NFO is XML of one root (`movie`, `tvshow`, `episodedetails`), often with a web address after it, sometimes nothing
but such an address, and for a file of several episodes several roots after each other. See
https://kodi.wiki/view/NFO_files.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from moviepoint.plugin_api import Invalid, country_code, gettext

MAX_BYTES = 1_000_000
#: NFO elements that name people, with the department and job of their credits.
CREW = {"director": ("directing", "Director"), "credits": ("writing", "Writer"), "writer": ("writing", "Writer"),
        "producer": ("production", "Producer"), "composer": ("sound", "Composer")}
SCHEMES = {"imdb": r"tt\d{5,10}", "tmdb": r"\d{1,10}", "tvdb": r"\d{1,10}", "wikidata": r"Q\d{1,12}"}
ADDRESSES = {"imdb": re.compile(r"imdb\.com/title/(tt\d{5,10})"), "tvdb": re.compile(r"thetvdb\.com/\S*?(\d{3,10})"),
             "tmdb": re.compile(r"themoviedb\.org/(?:movie|tv)/(\d{1,10})")}
_ROOT = re.compile(r"<(movie|tvshow|episodedetails)\b")


class _Builder(TreeBuilder):
    """Builds a tree of plain XML; a document type could name entities, which could name other files."""

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise Invalid(gettext("The NFO has a document type, which could fetch other files. It was not read."))


def parse(data: bytes) -> list[Element]:
    """Return an NFO's roots; none for one that is a web address alone. Raises Invalid for what cannot be read."""
    if len(data) > MAX_BYTES:
        raise Invalid(gettext("The NFO is larger than %(size)s kB.", size=MAX_BYTES // 1000))
    text = _text(data)
    if "<!" in re.sub(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>", "", text, flags=re.DOTALL):
        raise Invalid(gettext("The NFO has a document type, which could fetch other files. It was not read."))
    if _ROOT.search(text) is None:
        return []
    body = re.sub(r"<\?xml[^>]*\?>", "", text)
    body = body[_ROOT.search(body).start():]  # type: ignore[union-attr]
    body = body[:body.rindex(">") + 1]
    parser = XMLParser(target=_Builder())  # noqa: S314 -- no document type is let through
    try:
        parser.feed(f"<nfo>{body}</nfo>")
        root: Element = parser.close()
    except ParseError as error:
        raise Invalid(gettext("The NFO is no XML that can be read: %(error)s", error=error)) from None
    return [part for part in root if part.tag in ("movie", "tvshow", "episodedetails")]


def external_ids(data: bytes, root: Element | None) -> dict[str, str]:
    """Return the ids elsewhere that an NFO gives: by element, or by a web address in it."""
    said = [(str(part.get("type", "")).lower(), (part.text or "").strip())
            for part in (root.iter("uniqueid") if root is not None else ())]
    said += [(scheme, _value(root, tag)) for scheme in SCHEMES for tag in (f"{scheme}id", f"{scheme}_id")]
    text = _text(data)
    said += [(scheme, match[1]) for scheme, pattern in ADDRESSES.items() if (match := pattern.search(text))]
    found: dict[str, str] = {}
    for scheme, value in said:
        if scheme in SCHEMES and re.fullmatch(SCHEMES[scheme], value):
            found.setdefault(scheme, value)
    return found


def title_document(root: Element, kind: str, locale: str) -> dict[str, Any]:
    """Return a film's or series' document, with people, genres, keywords and companies by name."""
    original = _value(root, "originaltitle") or _value(root, "title")
    document: dict[str, Any] = {
        "kind": kind, "original_title": original[:300], "year": _year(root), "runtime": _number(root, "runtime"),
        "texts": {locale: _text_of(root, ("name", "tagline", "overview"))},
        "genres": _names(root, "genre"), "keywords": _names(root, "tag"), "companies": _names(root, "studio"),
        "countries": list(dict.fromkeys(filter(None, map(country_code, _names(root, "country"))))),
        "credits": list(_credits(root)), "releases": list(_releases(root)),
        "extras": [{"url": url} for url in _names(root, "trailer") if re.match(r"https?://[^ ]{1,490}$", url)]}
    return {name: value for name, value in document.items() if value not in (None, [], "")}


def episode_document(root: Element, locale: str) -> dict[str, Any]:
    """Return an episode's document, without its number where the NFO does not say it."""
    text = _text_of(root, ("name", "overview"))
    aired = _value(root, "aired")
    document = {"number": _number(root, "episode"), "runtime": _number(root, "runtime"),
                "original_title": _value(root, "originaltitle")[:300],
                "air_date": aired if re.fullmatch(r"\d{4}-\d\d-\d\d", aired) else None,
                "airs_before_season": _number(root, "displayseason"),
                "airs_before_episode": _number(root, "displayepisode"), "texts": {locale: text} if text else {}}
    return {name: value for name, value in document.items() if value not in (None, "", {})}


def season_number(root: Element) -> int | None:
    """Return the season that an episode's NFO says."""
    return _number(root, "season")


def collection_name(root: Element) -> str:
    """Return the name of the set that a film belongs to, or an empty string."""
    part = root.find("set")
    return "" if part is None else (_value(part, "name") or (part.text or "").strip())[:200]


def _credits(root: Element) -> Iterator[dict[str, Any]]:
    for tag, (department, job) in CREW.items():
        for name in _names(root, tag):
            yield {"person": name[:200], "department": department, "job": job}
    actors = sorted(root.iter("actor"), key=lambda actor: number if (number := _number(actor, "order")) is not None
                    else 10_000)
    for actor in actors:
        if name := _value(actor, "name"):
            yield {"person": name[:200], "department": "acting", "character": _value(actor, "role")[:200],
                   "guest": _value(actor, "type").lower() == "gueststar"}


def _releases(root: Element) -> Iterator[dict[str, Any]]:
    """Yield ratings written as "US:PG-13 / DE:12"; one without a country says nothing that could be kept."""
    for part in re.split(r"\s*/\s*", _value(root, "certification") or _value(root, "mpaa")):
        if match := re.fullmatch(r"([A-Z]{2})\s*[:\-]\s*(\S.{0,19})", part.strip()):
            yield {"country": match[1], "certification": match[2]}


def _text_of(root: Element, names: tuple[str, ...]) -> dict[str, str]:
    values = {"name": _value(root, "title")[:300], "tagline": _value(root, "tagline")[:300],
              "overview": (_value(root, "plot") or _value(root, "outline"))[:20_000]}
    return {name: values[name] for name in names if values[name]}


def _year(root: Element) -> int | None:
    for name in ("year", "premiered", "releasedate", "aired"):
        match = re.match(r"(1[89]|20|21)\d\d", _value(root, name))
        if match:
            return int(match[0])
    return None


def _names(root: Element, tag: str) -> list[str]:
    """Return the values of elements of a name, each once; some programs write several into one, with slashes."""
    found = [name.strip() for part in root.iter(tag) for name in re.split(r"\s+/\s+", part.text or "")]
    return list(dict.fromkeys(name[:100] for name in found if name))


def _value(root: Element | None, tag: str) -> str:
    return "" if root is None else (root.findtext(tag) or "").strip()


def _number(root: Element, tag: str) -> int | None:
    match = re.match(r"\d{1,5}", _value(root, tag))
    return int(match[0]) if match else None


def _text(data: bytes) -> str:
    """Return an NFO's text in the encoding of its mark or declaration, else UTF-8. Raises Invalid."""
    declared = re.search(rb"<\?xml[^>]*encoding=[\"']([\w-]{2,20})[\"']", data[:200])
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else declared[1].decode() if declared else "utf-8-sig"
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except (UnicodeError, LookupError):
        raise Invalid(gettext("The NFO is not written in %(encoding)s, as it says.", encoding=encoding)) from None
