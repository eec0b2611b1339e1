"""One picture of a storyboard by itself, for a page that shows a moment of a film.

    /media/<token>/<edition>/<package>/<storyboard>/still/<number>.jpg

It is cut out of its sheet when it is first asked for, and kept in the package, which it goes with. Who may see it is
who may fetch any other part of the package.
"""
from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, Response, current_app
from PIL import Image, UnidentifiedImageError

from moviepoint.domains.media import access
from moviepoint.domains.media.delivery import TYPES, authorise, caching, inside, sent
from moviepoint.domains.media.encoding import storyboard
from moviepoint.domains.media.remote import sending
from moviepoint.domains.media.storing import STILLS
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.files import Storage

QUALITY = 85
_PLACE = re.compile(r"^(?P<sheet>[\w/-]{1,80}\.jpg)#xywh=(?P<box>\d{1,5},\d{1,5},\d{1,5},\d{1,5})\r?$",
                    re.MULTILINE | re.ASCII)

pages = Blueprint("media_stills", __name__)


class Place(NamedTuple):
    """A picture's sheet, and its left, top, width and height there in pixels."""

    sheet: str
    left: int
    top: int
    width: int
    height: int


@pages.get("/media/<token>/<edition>/<package>/<board>/still/<int:number>.jpg")
def still(token: str, edition: str, package: str, board: str, number: int) -> Response:
    """Serve a picture of a storyboard by its number; beyond the last one it is the last."""
    grant = authorise(token, edition, package)
    storage: Storage = current_app.extensions["moviepoint.storage"]
    places = _places(package, board)
    number = min(number, len(places) - 1)
    name = f"{STILLS}/{board}/{number:04d}.jpg"
    if storage.exists(f"packages/{package}/{name}"):
        response = sent(inside(package, name), f"{package}/{name}", TYPES[".jpg"])
    else:
        picture = _cut(package, places[number])
        with contextlib.suppress(OSError):  # a disk that is full or read-only: it is cut again the next time
            storage.put(f"packages/{package}/{name}", picture)
        response = Response(picture, mimetype=TYPES[".jpg"])
    response.headers["Cache-Control"] = caching(grant)
    return response


def address(secret: str, edition: str, package: str, audience: str, board: str, number: int) -> str:
    """Return the signed address of a picture; `package` is the name of its folder, `board` its storyboard's."""
    token, _expires = access.sign(secret, edition, package, audience)
    return f"/media/{token}/{edition}/{package}/{board}/still/{number}.jpg"


def _places(package: str, board: str) -> list[Place]:
    """Return where each picture stands. Raises NotFound for a package without a storyboard."""
    text = inside(package, storyboard.index_name(board)).read_text(encoding="utf-8", errors="replace")
    found = [Place(match["sheet"], *map(int, match["box"].split(","))) for match in _PLACE.finditer(text)]
    if not found:
        raise NotFound()
    return found


def _sheet(package: str, name: str) -> Path | io.BytesIO:
    """Return where a sheet can be read. Raises NotFound, Unavailable for a bucket that does not answer."""
    try:
        return inside(package, name)
    except NotFound:
        return io.BytesIO(sending.read(current_app.extensions["moviepoint.storage"], package, name))


def _cut(package: str, place: Place) -> bytes:
    out = io.BytesIO()
    try:
        with Image.open(_sheet(package, place.sheet), formats=("JPEG",)) as sheet:
            if place.left + place.width > sheet.width or place.top + place.height > sheet.height or not (
                    place.width and place.height):
                raise NotFound()
            part = sheet.crop((place.left, place.top, place.left + place.width, place.top + place.height))
            part.convert("RGB").save(out, "JPEG", quality=QUALITY)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        raise NotFound() from None
    return out.getvalue()
