"""Where a title or an episode can be watched, for what its page says of it to machines."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import url_for

from moviepoint.domains.catalog.json_ld import node
from moviepoint.domains.catalog.seo import full
from moviepoint.domains.media.watch import editions_below


def with_watching(value: Mapping[str, Any], template: str) -> Mapping[str, Any]:
    """Say on a title's or an episode's page where it can be watched, if that is for everybody."""
    if template not in ("site/title.html", "site/episode.html") or not value["seo"].schema:
        return value
    rows = editions_below(episode_id=value["episode_id"]) if "episode_id" in value else \
        editions_below(title_id=value["title"].id)
    addresses = [full(url_for("watch.watch", edition=row.public_id)) for row in rows if row.audience == "public"]
    if not addresses:
        return value
    first, *others = value["seo"].schema
    action = node("WatchAction", target=node("EntryPoint", urlTemplate=addresses[0]))
    return {**value, "seo": replace(value["seo"], schema=(first | {"potentialAction": action}, *others))}
