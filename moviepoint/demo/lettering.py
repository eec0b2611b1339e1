"""Setting type with the site's own fonts: each letter from the file that has it."""
from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import ImageDraw, ImageFont

FONTS = Path(__file__).resolve().parent.parent / "shells" / "site" / "static" / "vendor"
FAMILY = "sofia-sans-extra-condensed"
#: (last code point, file's subset): the first subset that reaches the letter has it.
SUBSETS = ((0x00FF, "latin"), (0x02FF, "latin-ext"), (0x045F, "cyrillic"), (0x052F, "cyrillic-ext"),
           (0xFFFF, "latin"))
LEADING = 0.92


class Letters:
    """A size (pixels) and weight of the display face."""

    def __init__(self, size: int, weight: int) -> None:
        self.size = size
        self.weight = weight

    @property
    def line_height(self) -> int:
        return int(self.size * LEADING)

    def width(self, text: str, tracking: float = 0.0) -> float:
        """Return how wide a line is, in pixels; `tracking` is in ems."""
        return sum(self._font(letter).getlength(letter) + tracking * self.size for letter in text)

    def draw(self, draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, colour: str,
             tracking: float = 0.0) -> None:
        """Draw a line with its top left corner at `place`."""
        x, y = place
        baseline = y + self.size * 0.8
        for letter in text:
            font = self._font(letter)
            draw.text((x, baseline), letter, font=font, fill=colour, anchor="ls")
            x += font.getlength(letter) + tracking * self.size

    def _font(self, letter: str) -> ImageFont.FreeTypeFont:
        subset = next(name for last, name in SUBSETS if ord(letter) <= last)
        return _load(subset, self.size, self.weight)


@cache
def _load(subset: str, size: int, weight: int) -> ImageFont.FreeTypeFont:
    folder = next(path for path in sorted(FONTS.iterdir()) if path.name.startswith(f"{FAMILY}-"))
    font = ImageFont.truetype(folder / f"{FAMILY}-{subset}.woff2", size)
    font.set_variation_by_axes([weight])
    return font


def fit(text: str, width: int, height: int, largest: int = 300) -> tuple[list[str], Letters]:
    """Return the text in lines, at the largest size at which it fits into `width` by `height` pixels."""
    for size in range(largest, 30, -6):
        letters = Letters(size, 850)
        lines = _wrap(text, letters, width)
        if lines and letters.line_height * len(lines) <= height:
            return lines, letters
    return [text], Letters(36, 850)


def _wrap(text: str, letters: Letters, width: int) -> list[str]:
    """Break into lines by words; nothing when a word alone is too wide."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and letters.width(longer) <= width:
            lines[-1] = longer
        elif letters.width(word) <= width:
            lines.append(word)
        else:
            return []
    return lines
