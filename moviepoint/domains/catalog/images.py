"""Pictures: taken in, checked, and kept in a few named widths.

A picture's folder on storage holds one WebP file for each width (`342.webp`). The original bytes are not
kept: re-encoding is what makes a hostile file harmless.
"""
from __future__ import annotations

import io
import warnings
from typing import Literal

from PIL import Image as Pictures
from PIL import ImageOps, UnidentifiedImageError
from sqlalchemy.orm import Session

from moviepoint.domains.catalog import policies
from moviepoint.domains.catalog.models import Episode, Image, Person, Season, Title
from moviepoint.domains.catalog.services.common import language
from moviepoint.domains.history.services import record
from moviepoint.kernel import events
from moviepoint.kernel.errors import Invalid, NotFound
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.text import one_line

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP")
WIDTHS = {"poster": (185, 342, 600), "backdrop": (480, 960, 1600), "still": (240, 480, 960), "portrait": (185, 342)}
QUALITY = 82
Kind = Literal["poster", "backdrop", "still", "portrait"]
Owner = Title | Season | Episode | Person


def add_image(session: Session, actor: Actor, storage: Storage, owner: Owner, kind: Kind, data: bytes, *,
              locale: str = "", alt: str = "", replace: bool = False) -> Image:
    """Take in a picture for a title, season, episode or person.

    `replace` removes the owner's other pictures of this kind and locale. Raises Invalid for what is no
    picture, is too large, or is a bomb.
    """
    require(actor, policies.EDIT, owner_id=owner.added_by_id if isinstance(owner, Title) else None)
    picture = read_picture(data)
    width, height = picture.size
    row = Image(kind=kind, locale=locale, alt=alt[:300], width=min(width, WIDTHS[kind][-1]), height=0,
                key="", placeholder=mean_colour(picture))
    row.height = round(height * row.width / width)
    setattr(row, f"{type(owner).__name__.lower()}_id", owner.id)
    if replace:
        _remove_others(session, storage, owner, kind, locale)
    session.add(row)
    session.flush()
    row.key = f"images/{row.id:08d}"
    for wanted in WIDTHS[kind]:
        storage.put(f"{row.key}/{wanted}.webp", resized(picture, wanted))
    session.flush()
    if isinstance(owner, Title):
        session.refresh(owner, ["images"])
        record(session, actor, "image_added", "title", owner.id, str(owner), before={}, after=_facts(row))
        events.record(session, "on_title_saved", title_id=owner.id)
    return row


def change_image(session: Session, actor: Actor, image_id: int, *, alt: str, locale: str, focal: tuple[int, int],
                 first: bool = False) -> Image:
    """Change what is said of a title's picture; with `first` it becomes the one that is shown.

    The focal point is in per cent from the left and the top.
    """
    image, title = _of_title(session, actor, image_id)
    before = _facts(image)
    image.alt, image.locale = one_line(alt)[:300], language("locale", locale) if locale.strip() else ""
    image.focal_x, image.focal_y = focal
    if first:
        image.position = min((other.position for other in title.images if other.kind == image.kind), default=0) - 1
    session.flush()
    record(session, actor, "image_changed", "title", title.id, str(title), before=before, after=_facts(image))
    events.record(session, "on_title_saved", title_id=title.id)
    return image


def delete_image(session: Session, actor: Actor, storage: Storage, image_id: int) -> None:
    """Delete a title's picture; its files go after the commit."""
    image, title = _of_title(session, actor, image_id)
    record(session, actor, "image_deleted", "title", title.id, str(title), before=_facts(image), after={})
    key = image.key
    events.after_commit(session, lambda: storage.delete(key))
    session.delete(image)
    session.flush()
    events.record(session, "on_title_saved", title_id=title.id)


def _of_title(session: Session, actor: Actor, image_id: int) -> tuple[Image, Title]:
    image = session.get(Image, image_id)
    title = session.get(Title, image.title_id) if image is not None and image.title_id is not None else None
    if image is None or title is None or title.deleted_at is not None:
        raise NotFound()
    require(actor, policies.EDIT, owner_id=title.added_by_id)
    return image, title


def _facts(image: Image) -> dict[str, object]:
    return {"image": {"kind": image.kind, "alt": image.alt, "locale": image.locale, "position": image.position,
                      "focal": [image.focal_x, image.focal_y]}}


def read_picture(data: bytes) -> Pictures.Image:
    """Return the picture in RGB, upright. Raises Invalid with a sentence for an editor."""
    if not data:
        raise Invalid(_("The picture is empty."), code="image-empty")
    if len(data) > MAX_BYTES:
        raise Invalid(_("The picture is larger than %(size)s MB.", size=MAX_BYTES // 2**20), code="image-too-large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pictures.DecompressionBombWarning)
            picture = Pictures.open(io.BytesIO(data), formats=FORMATS)
            if picture.width * picture.height > MAX_PIXELS:
                raise Invalid(_("The picture has too many pixels."), code="image-too-large")
            picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Pictures.DecompressionBombError,
            Pictures.DecompressionBombWarning):
        raise Invalid(_("This is not a JPEG, PNG or WebP picture, or it is damaged."),
                      code="image-unreadable") from None
    upright = ImageOps.exif_transpose(picture)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        ground = Pictures.new("RGB", upright.size, "#ffffff")
        ground.paste(upright.convert("RGBA"), mask=upright.convert("RGBA").getchannel("A"))
        return ground
    return upright.convert("RGB")


def resized(picture: Pictures.Image, width: int) -> bytes:
    """Return the picture as WebP, at most `width` pixels wide; never enlarged."""
    width = min(width, picture.width)
    height = max(1, round(picture.height * width / picture.width))
    out = io.BytesIO()
    picture.resize((width, height), Pictures.Resampling.LANCZOS).save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def mean_colour(picture: Pictures.Image) -> str:
    """Return the picture's mean colour as #rrggbb, to stand in its place while it loads."""
    red, green, blue = picture.resize((1, 1), Pictures.Resampling.BOX).getpixel((0, 0))[:3]  # type: ignore[index]
    return f"#{red:02x}{green:02x}{blue:02x}"


def _remove_others(session: Session, storage: Storage, owner: Owner, kind: str, locale: str) -> None:
    column = getattr(Image, f"{type(owner).__name__.lower()}_id")
    for other in session.query(Image).filter(column == owner.id, Image.kind == kind, Image.locale == locale):
        events.after_commit(session, lambda key=other.key: storage.delete(key))  # type: ignore[misc]
        session.delete(other)
