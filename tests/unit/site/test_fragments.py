"""Parts of pages are kept by what they depend on, for a while, and not without end."""
from __future__ import annotations

import pytest
from flask import g
from markupsafe import Markup

from moviepoint.app import MoviePoint
from moviepoint.kernel.i18n import use_locale
from moviepoint.shells.site import fragments
from moviepoint.shells.site.fragments import Later, forget_fragments, fragment


class Part:
    """Counts how often it is rendered."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Markup:
        self.times += 1
        return Markup("<b>{}</b>").format(self.times)


def test_a_part_is_rendered_once_for_each_key_language_theme_and_place(app: MoviePoint) -> None:
    part = Part()
    forget_in(app)
    with app.test_request_context("/en/"):
        assert [fragment("a", 1, seconds=60, caller=part) for _ in range(3)] == ["<b>1</b>"] * 3
        assert fragment("a", 2, seconds=60, caller=part) == "<b>2</b>"
        assert fragment("b", 1, seconds=60, caller=part) == "<b>3</b>"
        with use_locale("ru"):
            assert fragment("a", 1, seconds=60, caller=part) == "<b>4</b>"
        with app.theming.showing("festival"):
            assert fragment("a", 1, seconds=60, caller=part) == "<b>5</b>"
    with app.test_request_context("/en/", base_url="http://localhost/below"):
        assert fragment("a", 1, seconds=60, caller=part) == "<b>6</b>"


def test_a_part_is_rendered_anew_after_its_time_and_when_it_is_forgotten(app: MoviePoint,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    part, now = Part(), [1000.0]
    forget_in(app)
    monkeypatch.setattr(fragments.time, "monotonic", lambda: now[0])
    with app.test_request_context("/en/"):
        fragment("a", seconds=60, caller=part)
        now[0] += 59
        assert fragment("a", seconds=60, caller=part) == "<b>1</b>"
        now[0] += 2
        assert fragment("a", seconds=60, caller=part) == "<b>2</b>"
        forget_fragments()
        assert fragment("a", seconds=60, caller=part) == "<b>3</b>"


def test_a_preview_keeps_nothing_and_sees_nothing_kept(app: MoviePoint) -> None:
    part = Part()
    forget_in(app)
    with app.test_request_context("/en/"):
        g.preview = "token"
        assert fragment("a", seconds=60, caller=part) == "<b>1</b>"
        g.pop("preview")
        assert fragment("a", seconds=60, caller=part) == "<b>2</b>"


def test_the_oldest_parts_make_room(app: MoviePoint, monkeypatch: pytest.MonkeyPatch) -> None:
    part = Part()
    forget_in(app)
    monkeypatch.setattr(fragments, "MOST", 3)
    with app.test_request_context("/en/"):
        for number in range(5):
            fragment("a", number, seconds=60, caller=part)
        assert len(app.extensions[fragments.KEPT]) == 3
        assert fragment("a", 4, seconds=60, caller=part) == "<b>5</b>"
        assert fragment("a", 0, seconds=60, caller=part) == "<b>6</b>"


def test_later_is_loaded_once_and_only_when_it_is_looked_at() -> None:
    asked: list[int] = []

    def load() -> list[int]:
        asked.append(1)
        return [1, 2, 3]

    rows = Later(load)
    assert asked == []
    assert (list(rows), len(rows), rows[0], rows[1:], bool(rows), 3 in rows) == ([1, 2, 3], 3, 1, [2, 3], True, True)
    assert asked == [1]


def forget_in(app: MoviePoint) -> None:
    with app.app_context():
        forget_fragments()
