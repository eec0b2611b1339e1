"""A film that anybody may watch, in the words of schema.org and of Open Graph."""
from __future__ import annotations

from typing import Any

from flask import url_for

from moviepoint.domains.catalog.contexts import Picture
from moviepoint.domains.catalog.json_ld import length, node
from moviepoint.domains.catalog.schema_org import largest
from moviepoint.domains.catalog.seo import full, shorten
from moviepoint.domains.media.embed import HEIGHT, WIDTH
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.playback import shown_audio

Schema = dict[str, Any]
MOST_CHARACTERS = 1_000


def video_schema(edition: Edition, name: str, description: str, picture: Picture, *,
                 embeddable: bool) -> Schema:
    """Return a video that anybody may watch, with its chapters as clips.

    The address of its content leads to a playlist that is signed for a few hours; it stays the same itself.
    """
    page = full(url_for("watch.watch", edition=edition.public_id))
    sounds = shown_audio(edition)
    return node(
        "VideoObject", id=f"{page}#video", name=name, description=shorten(description, MOST_CHARACTERS) or name,
        url=page, thumbnailUrl=[largest(picture)], duration=length(milliseconds=edition.duration_ms),
        uploadDate=(edition.published_at or edition.created_at).isoformat(timespec="seconds"),
        contentUrl=content_url(edition.public_id),
        embedUrl=full(url_for("embed.embed", edition=edition.public_id)) if embeddable else "",
        inLanguage=sounds[0].language if sounds and sounds[0].language != "und" else "", hasPart=clips(edition, page))


def content_url(public_id: str) -> str:
    """Return the lasting address of a public film's playlist."""
    return full(url_for("media_files.open_to_all", edition=public_id))


def clips(edition: Edition, page: str) -> list[Schema]:
    """Return a film's chapters, each with the address that begins there; whole seconds, as addresses have them."""
    marks = [mark for mark in edition.marks if mark.kind == "chapter" and mark.label]
    ends = [*(mark.start_ms for mark in marks[1:]), edition.duration_ms or 0]
    found = []
    for mark, following in zip(marks, ends, strict=False):
        start, end = mark.start_ms // 1000, (mark.end_ms or following) // 1000
        if end > start:
            found.append(node("Clip", name=mark.label, startOffset=start, endOffset=end, url=f"{page}?t={start}"))
    return found


def open_graph(edition: Edition, *, embeddable: bool) -> list[tuple[str, str]]:
    """Return what Open Graph knows of a video: its length, and the player where other sites may show it."""
    found = [("video:duration", str(round((edition.duration_ms or 0) / 1000)))] if edition.duration_ms else []
    if embeddable:
        address = full(url_for("embed.embed", edition=edition.public_id))
        found += [("og:video", address), ("og:video:type", "text/html"), ("og:video:width", str(WIDTH)),
                  ("og:video:height", str(HEIGHT))]
    return found
