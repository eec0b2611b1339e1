"""What structured data must hold: the requirements that schema.org and Google publish, for the types that pages use.

Types and properties are those of schema.org 29; what must be there is what Google's documentation of structured data
asks for (movie, video, review snippet, breadcrumb, site name, logo), and where it is silent what a reader needs.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

BASE = "http://127.0.0.1:8000"
DURATION = re.compile(r"PT(?=\d)(\d+H)?(\d+M)?(\d+S)?")
WORK = {"@id", "name", "alternateName", "url", "description", "image", "inLanguage", "genre", "aggregateRating",
        "review", "countryOfOrigin", "director", "author", "musicBy", "producer", "actor", "potentialAction",
        "datePublished"}
#: For each type: what must be there, and what may.
TYPES: dict[str, tuple[set[str], set[str]]] = {
    "Movie": ({"name", "url"}, WORK | {"dateCreated", "duration"}),
    "TVSeries": ({"name", "url"}, WORK | {"startDate", "endDate", "numberOfSeasons", "numberOfEpisodes",
                                          "containsSeason"}),
    "TVSeason": ({"name", "url", "seasonNumber"}, WORK | {"seasonNumber", "numberOfEpisodes", "startDate", "endDate",
                                                          "partOfSeries", "episode"}),
    "TVEpisode": ({"name", "url", "episodeNumber"}, WORK | {"episodeNumber", "duration", "partOfSeries",
                                                            "partOfSeason"}),
    "Person": ({"name"}, {"@id", "name", "alternateName", "url", "birthDate", "deathDate", "description", "image"}),
    "Country": ({"name"}, {"name"}),
    "VideoObject": ({"name", "description", "thumbnailUrl", "uploadDate", "duration", "contentUrl"},
                    {"@id", "name", "description", "url", "thumbnailUrl", "uploadDate", "duration", "contentUrl",
                     "embedUrl", "inLanguage", "hasPart"}),
    "Clip": ({"name", "startOffset", "endOffset", "url"}, {"name", "startOffset", "endOffset", "url"}),
    "AggregateRating": ({"ratingValue", "ratingCount", "bestRating"},
                        {"ratingValue", "ratingCount", "bestRating", "worstRating"}),
    "Rating": ({"ratingValue", "bestRating"}, {"ratingValue", "bestRating", "worstRating"}),
    "Review": ({"author", "reviewBody", "datePublished"},
               {"@id", "url", "author", "datePublished", "dateModified", "inLanguage", "reviewBody", "reviewRating",
                "itemReviewed"}),
    "BreadcrumbList": ({"itemListElement"}, {"itemListElement"}),
    "ItemList": ({"itemListElement"}, {"name", "itemListElement"}),
    "ListItem": ({"position", "name"}, {"position", "name", "item", "url"}),
    "WebSite": ({"name", "url", "potentialAction"}, {"@id", "name", "url", "inLanguage", "publisher",
                                                     "potentialAction"}),
    "Organization": ({"name", "url", "logo"}, {"@id", "name", "url", "logo"}),
    "ImageObject": ({"url"}, {"url", "width", "height"}),
    "SearchAction": ({"target", "query-input"}, {"target", "query-input"}),
    "WatchAction": ({"target"}, {"target"}),
    "EntryPoint": ({"urlTemplate"}, {"urlTemplate"}),
}
#: What a node must hold where it stands at the top and is not named by another.
ALONE = {"TVSeason": {"partOfSeries"}, "TVEpisode": {"partOfSeries", "partOfSeason"}, "Review": {"itemReviewed"}}
ADDRESSES = {"@id", "url", "item", "image", "thumbnailUrl", "contentUrl", "embedUrl"}
DATES = {"datePublished", "dateCreated", "dateModified", "startDate", "endDate", "birthDate", "deathDate", "uploadDate"}


def graph_of(html: str) -> list[dict[str, Any]]:
    """Return the nodes of a page; it has one script of them at most."""
    scripts = re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', html, re.S)
    assert len(scripts) <= 1
    if not scripts:
        return []
    document = json.loads(scripts[0])
    assert document.keys() == {"@context", "@graph"}
    assert document["@context"] == "https://schema.org"
    return list(document["@graph"])


def faults(html: str) -> list[str]:
    """Return all that is wrong with a page's structured data, in sentences."""
    return [fault for node in graph_of(html) for fault in _faults(node, alone=True)]


def addresses(html: str) -> set[str]:
    """Return all addresses that a page's structured data names."""
    return {value for node in graph_of(html) for inner in _nodes(node) for name, value in _values(inner)
            if name in ADDRESSES}


def _faults(node: dict[str, Any], *, alone: bool = False) -> Iterator[str]:
    kind = node.get("@type")
    if kind is None and node.keys() == {"@id"}:
        return
    if kind not in TYPES:
        yield f"{kind!r} is no type that pages use"
        return
    needed, allowed = TYPES[kind]
    missing = (needed | (ALONE.get(kind, set()) if alone else set())) - node.keys()
    yield from (f"{kind} has no {name}" for name in sorted(missing))
    yield from (f"{kind} knows no {name}" for name in sorted(node.keys() - allowed - {"@type"}))
    for name, value in _values(node):
        if isinstance(value, dict):
            yield from _faults(value)
        elif fault := _fault(name, value):
            yield f"{kind}.{name}: {fault}"
    yield from _of_kind(kind, node)


def _fault(name: str, value: Any) -> str:
    if value in ("", None, [], {}):
        return "is empty"
    if name in ADDRESSES and not str(value).startswith(f"{BASE}/"):
        return f"{value} is no full address of the site"
    if name in DATES and not _is_date(str(value)):
        return f"{value} is no date of ISO 8601"
    if name == "duration" and not DURATION.fullmatch(str(value)):
        return f"{value} is no duration of ISO 8601"
    return ""


def _of_kind(kind: str, node: dict[str, Any]) -> Iterator[str]:
    if kind in ("AggregateRating", "Rating") and not node.get("worstRating", 1) <= node["ratingValue"] <= 10 == \
            node["bestRating"]:
        yield f"{kind} is outside its scale"
    if kind == "AggregateRating" and node["ratingCount"] < 1:
        yield "nobody has rated"
    if kind in ("BreadcrumbList", "ItemList"):
        places = [item["position"] for item in node.get("itemListElement", ())]
        if places != list(range(places[0] if places else 1, (places[0] if places else 1) + len(places))):
            yield f"{kind} has gaps"
    if kind == "BreadcrumbList" and any("item" not in item for item in node["itemListElement"]):
        yield "a step of the way leads nowhere"
    if kind == "VideoObject" and datetime.fromisoformat(node["uploadDate"]).tzinfo is None:
        yield "uploadDate has no zone"
    if kind == "Clip" and not 0 <= node["startOffset"] < node["endOffset"]:
        yield "a clip ends before it begins"
    if kind == "SearchAction" and "{search_term_string}" not in node["target"]["urlTemplate"]:
        yield "the search takes no words"


def _is_date(text: str) -> bool:
    if re.fullmatch(r"\d{4}", text):
        return True
    try:
        return bool(datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text))
    except ValueError:
        return False


def _values(node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in node.items():
        for one in value if isinstance(value, list) else [value]:
            yield name, one


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for _name, value in _values(node):
        if isinstance(value, dict):
            yield from _nodes(value)
