"""The film's own picture, offered to the catalogue when an edition is published."""
from __future__ import annotations

from pathlib import Path

from flask import current_app
from sqlalchemy import select

from moviepoint.domains.catalog.images import add_image
from moviepoint.domains.catalog.models import Episode, Image, Title
from moviepoint.domains.media.encoding import posters
from moviepoint.domains.media.models import Edition
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.policies import SYSTEM


def offer_picture(edition_id: int) -> bool:
    """Give the title a backdrop, or the episode a still, from the film, where it has none. True if it took it."""
    storage: LocalStorage = current_app.extensions["moviepoint.storage"]
    with unit_of_work() as session:
        edition = session.get(Edition, edition_id)
        if edition is None or edition.package is None:
            return False
        path: Path = storage.path(f"{edition.package}/{posters.NAME}")
        owner = session.get(Title, edition.title_id) if edition.title_id else session.get(Episode, edition.episode_id)
        if owner is None or not path.is_file():
            return False
        kind = "backdrop" if isinstance(owner, Title) else "still"
        column = Image.title_id if isinstance(owner, Title) else Image.episode_id
        if session.scalar(select(Image.id).where(column == owner.id, Image.kind == kind).limit(1)) is not None:
            return False
        add_image(session, SYSTEM, storage, owner, "backdrop" if kind == "backdrop" else "still", path.read_bytes())
    return True
