"""Rows of the home page that ratings fill."""
from __future__ import annotations

import re
from collections.abc import Callable

from flask.testing import FlaskClient

from moviepoint.domains.accounts.models import User
from moviepoint.domains.community.services import ratings
from moviepoint.kernel.db import unit_of_work


def row(client: FlaskClient, heading: str) -> list[str]:
    """Return the addresses of the titles of one row of the home page; nothing where it is not there."""
    _before, _heading, after = client.get("/en/").text.partition(f">{heading}</h2>")
    return re.findall(r'<a href="/en/(?:films|series)/([^"/]+)">', after.partition("</section>")[0])


def test_the_best_rated_stand_first(client: FlaskClient, title_id: Callable[[str], int], metropolis: int,
                                    members: Callable[[int], list[User]], sign_in: Callable[..., User]) -> None:
    moon = title_id("le-voyage-dans-la-lune-1902")
    with unit_of_work() as session:
        for place, member in enumerate(members(8)):
            ratings.rate(session, member, metropolis, 9)
            if place < 6:
                ratings.rate(session, member, moon, 5)
    sign_in("editor")
    client.put("/api/v1/home-rows", json={"rows": [{"kind": "top-rated"}]})
    assert row(client, "Best rated") == ["metropolis-1927", "le-voyage-dans-la-lune-1902"]


def test_what_one_liked_leads_to_more_of_it_and_strangers_see_nothing(
        client: FlaskClient, title_id: Callable[[str], int], sign_in: Callable[..., User]) -> None:
    liked = title_id("nosferatu-eine-symphonie-des-grauens-1922")
    visitor = client.application.test_client()
    member = sign_in("member")
    assert row(client, "Because of what you liked") == []
    with unit_of_work() as session:
        ratings.rate(session, member, liked, 9)
    more = row(client, "Because of what you liked")
    assert more
    assert "nosferatu-eine-symphonie-des-grauens-1922" not in more
    assert row(visitor, "Because of what you liked") == []
