"""Pictures cut to named shapes around the point that matters in them.

A crop's address names the point, so that a new point is a new address and no cache shows the old cut. It is made when
it is first asked for, from the largest size kept, and only for the point that is stored: nobody fills the disk by
asking.
"""
from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

from PIL import Image as Pictures

from moviepoint.domains.catalog.images import QUALITY, WIDTHS
from moviepoint.kernel.addresses import address
from moviepoint.kernel.files import Storage

#: Width and height in pixels at most; a smaller picture is cut to the shape and not enlarged.
CROPS = {"card": (640, 360), "wide": (1200, 630)}


class CropUrls(Mapping[str, str]):
    """The address of each crop of a picture by its name, made when it is asked for: most pages show no crop."""

    def __init__(self, image_id: int, focal_x: int, focal_y: int) -> None:
        self._image_id, self._place = image_id, f"{focal_x}-{focal_y}"

    def __getitem__(self, name: str) -> str:
        if name not in CROPS:
            raise KeyError(name)
        return address("catalog_files.crop", image_id=self._image_id, name=name, place=self._place)

    def __iter__(self) -> Iterator[str]:
        return iter(CROPS)

    def __len__(self) -> int:
        return len(CROPS)


def crop_key(storage: Storage, key: str, kind: str, name: str, focal: tuple[int, int]) -> str:
    """Return the key of a crop's file, made if it is not there yet. Raises NotFound without the picture's own file."""
    wanted = f"{key}/{name}-{focal[0]}-{focal[1]}.webp"
    if not storage.exists(wanted):
        with storage.open(f"{key}/{WIDTHS[kind][-1]}.webp") as stream:  # type: ignore[index]
            picture = Pictures.open(stream, formats=("WEBP",)).convert("RGB")
        storage.put(wanted, cropped(picture, CROPS[name], focal))
    return wanted


def cropped(picture: Pictures.Image, size: tuple[int, int], focal: tuple[int, int]) -> bytes:
    """Return the largest part of a picture that has the shape of `size`, as near to the focal point as the edges allow.

    The focal point is in per cent from the left and the top. The answer is WebP.
    """
    part = picture.crop(box(picture.size, size, focal))
    if part.width > size[0]:
        part = part.resize(size, Pictures.Resampling.LANCZOS)
    out = io.BytesIO()
    part.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def box(whole: tuple[int, int], shape: tuple[int, int], focal: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the largest box of a shape in a picture, centred on the point if it can be."""
    width, height = whole
    if width * shape[1] > height * shape[0]:
        width = max(1, round(height * shape[0] / shape[1]))
    else:
        height = max(1, round(width * shape[1] / shape[0]))
    left = min(max(0, round(whole[0] * focal[0] / 100 - width / 2)), whole[0] - width)
    top = min(max(0, round(whole[1] * focal[1] / 100 - height / 2)), whole[1] - height)
    return left, top, left + width, top + height
