"""Posters drawn by us: geometry in the manner of the age, the title set large, the same each time.

No picture of anybody else's is used. A title's name seeds its colours and its composition, so that a wall of
fifty looks like a festival's and not like one poster in fifty colours.
"""
from __future__ import annotations

import hashlib
import io
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from moviepoint.demo.lettering import Letters, fit

WIDTH, HEIGHT = 600, 900  # pixels
SCALE = 2  # drawn larger and reduced: Pillow's shapes have no smooth edges
W, H = WIDTH * SCALE, HEIGHT * SCALE
Colour = str


@dataclass(frozen=True)
class Palette:
    """Ground, two colours of figures, an accent, and the colour of letters."""

    ground: Colour
    first: Colour
    second: Colour
    accent: Colour
    ink: Colour


PALETTES = (
    Palette("#efe6d2", "#c5281c", "#1b1b1b", "#d9a441", "#1b1b1b"),
    Palette("#10141f", "#e4572e", "#f3e9d2", "#29628a", "#f3e9d2"),
    Palette("#e8dcc0", "#1f4e5f", "#d1495b", "#edae49", "#12232b"),
    Palette("#1d2b2a", "#d8c99b", "#a4243b", "#5b8e7d", "#efe8d0"),
    Palette("#f2e3c6", "#2d2a4a", "#e07a3f", "#7a9e9f", "#2d2a4a"),
    Palette("#231a2b", "#f0a202", "#c8553d", "#588b8b", "#ffe9c9"),
    Palette("#dfe3dc", "#2b2d42", "#b3001b", "#8d99ae", "#2b2d42"),
    Palette("#3a0d12", "#f2d7b0", "#b8483a", "#0f0a0a", "#f7e6cc"),
    Palette("#f4efe6", "#0b6e4f", "#fa9f42", "#08415c", "#0a2c24"),
    Palette("#0c1b33", "#7fb7be", "#d3f3ee", "#dacc3e", "#eaf6f4"),
)


def draw_poster(title: str, director: str, year: int, genres: Sequence[str], composition: str = "") -> bytes:
    """Return a poster as PNG, 600 by 900 pixels.

    `composition` is a name of COMPOSITIONS; empty, one is chosen that suits the genres. Raises KeyError for
    an unknown one.
    """
    seed = int.from_bytes(hashlib.sha256(f"{title} {year}".encode()).digest()[:8], "big")
    rng = random.Random(seed)
    palette = PALETTES[seed // 7 % len(PALETTES)]
    picture = Image.new("RGB", (W, H), palette.ground)
    compose = COMPOSITIONS[composition] if composition else _composition(genres, seed)
    compose(ImageDraw.Draw(picture), palette, rng)
    picture = _printed(picture, rng)
    _letter(picture, title, director, year, palette)
    out = io.BytesIO()
    picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(out, "PNG", compress_level=1)
    return out.getvalue()


Composition = Callable[[ImageDraw.ImageDraw, Palette, random.Random], None]


def _rays(draw: ImageDraw.ImageDraw, palette: Palette, rng: random.Random) -> None:
    """A sun behind a horizon, its rays to the edges."""
    x, y = W * rng.uniform(0.3, 0.7), H * rng.uniform(0.3, 0.42)
    count = rng.choice((14, 18, 24))
    turn = rng.random()
    for n in range(0, count * 2, 2):
        a, b = ((n + turn) * math.pi / count, (n + 1 + turn) * math.pi / count)
        far = H * 1.4
        draw.polygon([(x, y), (x + far * math.cos(a), y + far * math.sin(a)),
                      (x + far * math.cos(b), y + far * math.sin(b))], fill=palette.first)
    _disc(draw, x, y, W * 0.24, palette.accent)
    _disc(draw, x, y, W * 0.17, palette.second)


def _diagonals(draw: ImageDraw.ImageDraw, palette: Palette, rng: random.Random) -> None:
    """Beams across the sheet and a circle that they cut."""
    slope = rng.choice((-1, 1)) * rng.uniform(0.5, 0.9)
    _disc(draw, W * rng.uniform(0.35, 0.65), H * 0.33, W * 0.34, palette.second)
    for n, colour in enumerate((palette.first, palette.accent, palette.ink)):
        middle, half = H * (0.2 + 0.16 * n), H * (0.055 - 0.014 * n)
        rise = slope * W / 2
        draw.polygon([(0, middle - half + rise), (W, middle - half - rise),
                      (W, middle + half - rise), (0, middle + half + rise)], fill=colour)
    _disc(draw, W * 0.5, H * 0.33, W * 0.07, palette.ground)


def _rings(draw: ImageDraw.ImageDraw, palette: Palette, rng: random.Random) -> None:
    """An iris that opens, or an eye."""
    x, y = W * 0.5, H * 0.36
    colours = (palette.first, palette.ground, palette.second, palette.ground, palette.accent, palette.ink)
    for n, colour in enumerate(colours):
        radius = W * (0.62 - 0.1 * n)
        shift = rng.uniform(-0.02, 0.02) * W * n
        _disc(draw, x + shift, y + shift / 2, radius, colour)
    _disc(draw, x + W * 0.03, y - W * 0.03, W * 0.03, palette.ground)


def _towers(draw: ImageDraw.ImageDraw, palette: Palette, rng: random.Random) -> None:
    """A city of slanting towers under a searchlight."""
    draw.polygon([(W * 0.5, 0), (W * 0.05, H * 0.7), (W * 0.95, H * 0.7)], fill=palette.accent)
    for row, colour in enumerate((palette.second, palette.first, palette.ink)):
        x = -W * 0.05
        while x < W:
            width, lean = W * rng.uniform(0.1, 0.2), W * rng.uniform(-0.04, 0.04)
            top = H * (0.14 + 0.13 * row + rng.uniform(0, 0.16))
            draw.polygon([(x, H), (x + lean, top), (x + width + lean, top - H * 0.02), (x + width, H)], fill=colour)
            if row < 2:
                _windows(draw, x + lean / 2, top + H * 0.03, width, palette.ground, rng)
            x += width * rng.uniform(0.9, 1.5)


def _windows(draw: ImageDraw.ImageDraw, x: float, top: float, width: float, colour: Colour, rng: random.Random) -> None:
    side = W * 0.014
    for row in range(5):
        for column in range(max(1, int(width / (side * 2.6)))):
            if rng.random() < 0.45:
                left, upper = x + side + column * side * 2.4, top + row * side * 3
                draw.rectangle((left, upper, left + side, upper + side * 1.6), fill=colour)


def _steps(draw: ImageDraw.ImageDraw, palette: Palette, rng: random.Random) -> None:
    """A staircase, and what rolls down it."""
    count, down = rng.choice((7, 9, 11)), rng.random() < 0.5
    for n in range(count):
        top = H * (0.1 + 0.52 * n / count)
        left, right = (0, W * (n + 1) / count) if down else (W * (1 - (n + 1) / count), W)
        draw.rectangle((left, top, right, H), fill=(palette.first, palette.second)[n % 2])
    place = 0.74 if down else 0.26
    _disc(draw, W * place, H * 0.2, W * 0.15, palette.accent)
    draw.ellipse((W * (place - 0.15), H * 0.2 - W * 0.15, W * (place + 0.15), H * 0.2 + W * 0.15),
                 outline=palette.ink, width=8 * SCALE)


def _moon(draw: ImageDraw.ImageDraw, palette: Palette, rng: random.Random) -> None:
    """A moon over hills, and what flies before it."""
    x, y = W * rng.uniform(0.35, 0.65), H * 0.3
    for n in range(70):
        spot, size = (rng.uniform(0, W), rng.uniform(0, H * 0.6)), rng.uniform(1, 3.4) * SCALE
        _disc(draw, *spot, size, palette.second if n % 5 else palette.accent)
    _disc(draw, x, y, W * 0.3, palette.accent)
    for _ in range(6):
        angle, far = rng.uniform(0, math.tau), rng.uniform(0, 0.2) * W
        _disc(draw, x + far * math.cos(angle), y + far * math.sin(angle), W * rng.uniform(0.02, 0.05), palette.first)
    for n, colour in enumerate((palette.first, palette.second, palette.ink)):
        base, phase = H * (0.54 + 0.06 * n), rng.uniform(0, math.tau)
        ridge = [(px, base + H * 0.035 * math.sin(px / W * (3 + n) * 2 + phase)) for px in range(0, W + 20, 20)]
        draw.polygon([*ridge, (W, H), (0, H)], fill=colour)


def _squares(draw: ImageDraw.ImageDraw, palette: Palette, rng: random.Random) -> None:
    """A field of squares, quarter circles and triangles."""
    colours = (palette.first, palette.second, palette.accent, palette.ground, palette.ink)
    side = W / 4
    for row in range(4):
        for column in range(4):
            x, y = column * side, row * side + H * 0.02
            back, front = rng.sample(colours, 2)
            box = (x, y, x + side, y + side)
            draw.rectangle(box, fill=back)
            corner = rng.randrange(4)
            if rng.random() < 0.6:
                cx, cy = x + side * (corner % 2), y + side * (corner // 2)
                start = (0, 90, 270, 180)[corner]
                draw.pieslice((cx - side, cy - side, cx + side, cy + side), start, start + 90, fill=front)
            elif rng.random() < 0.5:
                points = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
                draw.polygon([point for n, point in enumerate(points) if n != corner], fill=front)
            else:
                _disc(draw, x + side / 2, y + side / 2, side * 0.34, front)


def _spiral(draw: ImageDraw.ImageDraw, palette: Palette, rng: random.Random) -> None:
    """A spiral that draws the look in."""
    x, y, arms = W * 0.5, H * 0.35, rng.choice((2, 3, 4))
    sense = rng.choice((-1, 1))
    for arm in range(arms):
        left, right = [], []
        for n in range(140):
            angle = sense * n / 140 * math.tau * 1.6 + arm * math.tau / arms
            radius, half = (n / 140) ** 1.4 * H * 0.62, 0.42 / arms * 2
            left.append((x + radius * math.cos(angle - half), y + radius * math.sin(angle - half)))
            right.append((x + radius * math.cos(angle + half), y + radius * math.sin(angle + half)))
        draw.polygon([*left, *reversed(right)], fill=(palette.first, palette.second, palette.accent, palette.ink)[arm])
    _disc(draw, x, y, W * 0.06, palette.accent)


def _curtain(draw: ImageDraw.ImageDraw, palette: Palette, rng: random.Random) -> None:
    """A stage: curtains, a light, somebody's shadow."""
    draw.polygon([(W * 0.5, -H * 0.1), (W * 0.12, H * 0.72), (W * 0.88, H * 0.72)], fill=palette.accent)
    x, foot = W * rng.uniform(0.45, 0.55), H * 0.62
    draw.ellipse((x - W * 0.24, foot - H * 0.02, x + W * 0.24, foot + H * 0.03), fill=palette.second)
    draw.polygon([(x - W * 0.1, foot), (x - W * 0.07, H * 0.4), (x + W * 0.07, H * 0.4), (x + W * 0.1, foot)],
                 fill=palette.ink)
    _disc(draw, x, H * 0.365, W * 0.065, palette.ink)
    draw.rectangle((x - W * 0.1, H * 0.335, x + W * 0.1, H * 0.345), fill=palette.ink)
    draw.rectangle((x - W * 0.055, H * 0.28, x + W * 0.055, H * 0.34), fill=palette.ink)
    for side in (0, 1):
        for n in range(6):
            near, width = W * (0.04 * n), W * 0.045
            left = near if side == 0 else W - near - width
            draw.rectangle((left, 0, left + width, H * (0.9 - 0.1 * n)), fill=(palette.first, palette.second)[n % 2])


BY_GENRE: dict[str, tuple[Composition, ...]] = {
    "science-fiction": (_moon, _towers, _rings), "horror": (_spiral, _rings, _moon), "comedy": (_squares, _curtain),
    "documentary": (_rings, _rays), "war": (_steps, _diagonals), "historical": (_diagonals, _rays, _steps),
    "animation": (_squares, _moon), "experimental": (_spiral, _squares, _rings), "crime": (_towers, _diagonals),
    "melodrama": (_rays, _curtain), "fantasy": (_moon, _rays), "western": (_rays,), "thriller": (_spiral, _towers),
}
COMPOSITIONS: dict[str, Composition] = {
    "rays": _rays, "diagonals": _diagonals, "rings": _rings, "towers": _towers, "steps": _steps, "moon": _moon,
    "squares": _squares, "spiral": _spiral, "curtain": _curtain}


def _composition(genres: Sequence[str], seed: int) -> Composition:
    suited = [composition for genre in genres for composition in BY_GENRE.get(genre, ())] or list(COMPOSITIONS.values())
    return suited[seed // 101 % len(suited)]


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: Colour) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _printed(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Give the flat colours the unevenness of ink on paper."""
    grain = _grain(rng.randrange(4))
    return ImageChops.multiply(picture, grain)


@cache
def _grain(seed: int) -> Image.Image:
    rng = random.Random(seed)
    fine = Image.frombytes("L", (W // 2, H // 2), rng.randbytes(W * H // 4)).resize((W, H))
    rough = Image.frombytes("L", (W // 60, H // 60), rng.randbytes((W // 60) * (H // 60))).resize(
        (W, H), Image.Resampling.BICUBIC)
    mixed = Image.blend(fine.filter(ImageFilter.GaussianBlur(1)), rough, 0.5)
    return mixed.point(lambda value: 222 + value * 33 // 255).convert("RGB")


def _letter(picture: Image.Image, title: str, director: str, year: int, palette: Palette) -> None:
    """Set the title on a band at the foot, with the director above and the year below."""
    draw = ImageDraw.Draw(picture)
    margin = W * 0.07
    lines, letters = fit(title.upper(), int(W - 2 * margin), int(H * 0.2))
    band = letters.line_height * len(lines) + int(H * 0.105)
    top = H - band
    draw.rectangle((0, top, W, H), fill=palette.ground)
    draw.rectangle((0, top, W, top + H * 0.006), fill=palette.first)
    small = Letters(int(H * 0.021), 600)
    small.draw(draw, (margin, top + H * 0.024), director.upper(), palette.first, tracking=0.08)
    y = top + H * 0.055
    for line in lines:
        letters.draw(draw, (margin, y), line, palette.ink)
        y += letters.line_height
    small.draw(draw, (margin, H - H * 0.036), str(year), palette.ink, tracking=0.2)


__all__ = ["COMPOSITIONS", "HEIGHT", "WIDTH", "draw_poster"]
