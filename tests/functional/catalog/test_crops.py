"""Crops keep the point that matters in sight; a new point is a new address."""
from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pictures
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.crops import CROPS, box, cropped
from moviepoint.domains.catalog.images import add_image
from moviepoint.domains.catalog.models import Image, Title
from moviepoint.domains.catalog.schemas import TitleInput
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM

SIDES = st.integers(1, 4000)
PER_CENT = st.integers(0, 100)


def striped() -> bytes:
    """Return a poster whose upper half is red and whose lower half is blue."""
    picture = Pictures.new("RGB", (600, 900), "red")
    picture.paste("blue", (0, 450, 600, 900))
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def poster(app: MoviePoint, session: Session, queue: list[object]) -> Image:
    with unit_of_work() as work:
        title = services.save_title(work, SYSTEM, TitleInput(kind="film", original_title="Two halves"))
        services.publish(work, SYSTEM, title.id)
        return add_image(work, SYSTEM, app.extensions["moviepoint.storage"], title, "poster", striped())


def colour(data: bytes) -> str:
    red, _green, blue = Pictures.open(io.BytesIO(data)).convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    return "red" if red > 200 else "blue" if blue > 200 else "both"


@given(width=SIDES, height=SIDES, shape=st.sampled_from(sorted(CROPS.values())), x=PER_CENT, y=PER_CENT)
def test_a_box_lies_within_has_its_shape_and_holds_the_point(width: int, height: int, shape: tuple[int, int], x: int,
                                                             y: int) -> None:
    left, top, right, bottom = box((width, height), shape, (x, y))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert left <= width * x / 100 + 1
    assert right >= width * x / 100 - 1
    assert top <= height * y / 100 + 1
    assert bottom >= height * y / 100 - 1
    if min(width, height) > 50:
        assert (right - left) / (bottom - top) == pytest.approx(shape[0] / shape[1], rel=0.05)
        assert right - left == width or bottom - top == height  # none is larger


@pytest.mark.parametrize(("size", "wanted"), [((3000, 2000), (1200, 630)), ((600, 900), (600, 315)), ((1, 1), (1, 1)),
                                              ((1200, 630), (1200, 630)), ((5000, 3), (6, 3))])
def test_crops_are_made_smaller_and_never_larger(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    made = Pictures.open(io.BytesIO(cropped(Pictures.new("RGB", size), CROPS["wide"], (50, 50))))
    assert (made.format, made.size) == ("WEBP", wanted)


def test_a_new_focus_is_a_new_address_and_another_cut(client: FlaskClient, session: Session, poster: Image,
                                                      sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    middle = client.get(f"/images/{poster.id}/card-50-50.webp")
    assert (middle.status_code, colour(middle.data)) == (200, "both")
    assert "immutable" in middle.headers["Cache-Control"]
    for y, wanted in ((0, "red"), (100, "blue")):
        client.post(f"/admin/titles/{poster.title_id}/images/{poster.id}", data={"focal_x": "50", "focal_y": str(y)})
        assert colour(client.get(f"/images/{poster.id}/card-50-{y}.webp").data) == wanted
        assert f"/images/{poster.id}/card-50-{y}.webp" in client.get(f"/admin/titles/{poster.title_id}").text
    assert client.get(f"/images/{poster.id}/card-50-50.webp").status_code == 404  # nothing points there any more


def test_pages_and_the_api_name_the_crops(client: FlaskClient, session: Session, poster: Image) -> None:
    title = session.get_one(Title, poster.title_id)
    page = client.get(f"/en/films/{title.slug}").text
    assert f'/images/{poster.id}/wide-50-50.webp"' in page
    shown = client.get(f"/api/v1/films/{title.id}").json["poster"]
    assert shown["crops"] == {name: f"/images/{poster.id}/{name}-50-50.webp" for name in CROPS}
    assert shown["focal"] == [50, 50]
    for address in shown["crops"].values():
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("name", ["card-50-51", "card-050-50", "card--1-50", "card-50", "card-50-50-50", "huge-50-50",
                                  "card-1e1-50", "card-50-50%00", "../card-50-50", "card-٥٠-50"])
def test_only_the_crop_that_is_stored_is_made(client: FlaskClient, app: MoviePoint, poster: Image, name: str) -> None:
    storage = app.extensions["moviepoint.storage"]
    before = sorted(storage.keys(poster.key))
    assert client.get(f"/images/{poster.id}/{name}.webp").status_code in (404, 308)
    assert sorted(storage.keys(poster.key)) == before


def test_a_drafts_crop_is_kept_back(client: FlaskClient, session: Session, poster: Image,
                                    sign_in: Callable[..., User]) -> None:
    with unit_of_work() as work:
        services.unpublish(work, SYSTEM, poster.title_id or 0)
    address = f"/images/{poster.id}/wide-50-50.webp"
    assert client.get(address).status_code == 404
    sign_in("editor")
    assert client.get(address).headers["Cache-Control"] == "private, no-store"


def test_a_picture_whose_file_is_gone_is_not_found(client: FlaskClient, app: MoviePoint, session: Session,
                                                   poster: Image) -> None:
    app.extensions["moviepoint.storage"].delete(poster.key)
    assert client.get(f"/images/{poster.id}/card-50-50.webp").status_code == 404
    assert session.scalars(select(Image.id)).all() == [poster.id]
