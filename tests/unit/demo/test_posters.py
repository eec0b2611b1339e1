"""Posters: the same each time, of one size, each composition whole, any title set inside the paper."""
from __future__ import annotations

import io

import pytest
from PIL import Image, ImageStat

from moviepoint.demo.lettering import fit
from moviepoint.demo.posters import COMPOSITIONS, HEIGHT, WIDTH, draw_poster


def picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_every_composition_fills_its_paper(composition: str) -> None:
    drawn = picture(draw_poster("Метрополис", "Fritz Lang", 1927, (), composition))
    assert drawn.size == (WIDTH, HEIGHT)
    figure = drawn.crop((0, 0, WIDTH, HEIGHT * 2 // 3))
    assert max(ImageStat.Stat(figure).stddev) > 20  # more than a flat ground


def test_a_poster_is_the_same_each_time_and_another_title_is_another() -> None:
    once, again = (draw_poster("Aelita", "Yakov Protazanov", 1924, ("drama",)) for _ in range(2))
    assert once == again
    assert once != draw_poster("Mother", "Vsevolod Pudovkin", 1926, ("drama",))


def test_an_unknown_composition_is_refused() -> None:
    with pytest.raises(KeyError):
        draw_poster("Aelita", "Yakov Protazanov", 1924, (), "watercolour")


@pytest.mark.parametrize("title", [
    "Мать", "Napoléon", "Ё", "Необычайные приключения мистера Веста в стране большевиков",
    "Достопримечательностями" * 2])
def test_a_title_is_set_within_its_width_and_keeps_all_its_words(title: str) -> None:
    lines, letters = fit(title.upper(), 1000, 360)
    assert all(letters.width(line) <= 1000 for line in lines)
    assert " ".join(lines).replace(" ", "") == title.upper().replace(" ", "")
