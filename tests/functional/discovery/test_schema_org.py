"""Structured data of each kind of page, through the page, against the published rules."""
from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.json_ld import length, node, serialise
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.schemas import CreditInput, PersonInput, TitleInput
from moviepoint.domains.community.models import Profile
from moviepoint.domains.community.schemas.reviews import ReviewInput
from moviepoint.domains.community.services import moderation, ratings, reviews
from moviepoint.domains.media.models import Edition
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM

from .rules import BASE, addresses, faults, graph_of

FILM, SERIES = "/films/nosferatu-eine-symphonie-des-grauens-1922", "/series/les-vampires-1915"
KINDS = {"/": "WebSite", "/films": "ItemList", "/series": "ItemList", "/genres/horror": "ItemList", FILM: "Movie",
         SERIES: "TVSeries", f"{SERIES}/season/1": "TVSeason", f"{SERIES}/season/2/episode/3": "TVEpisode",
         "/people/fritz-lang": "Person"}
pytestmark = pytest.mark.usefixtures("catalogue")
Members = Callable[[int], list[User]]


def about(client: FlaskClient, path: str) -> dict[str, Any]:
    """Return the node of what a page is about; nothing may be wrong with any of the page's nodes."""
    text = client.get(path).text
    assert faults(text) == []
    return graph_of(text)[0]


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize("path", sorted(KINDS))
def test_each_kind_of_page_says_what_it_is(client: FlaskClient, path: str, locale: str) -> None:
    text = client.get(f"/{locale}{path}").text
    assert faults(text) == []
    nodes = graph_of(text)
    assert nodes[0]["@type"] == KINDS[path]
    if path != "/":
        assert nodes[1]["@type"] == "BreadcrumbList"
        assert nodes[1]["itemListElement"][-1]["item"] == f"{BASE}/{locale}{path}"
    for address in addresses(text):
        answer = client.get(address.removeprefix(BASE).partition("#")[0])
        assert answer.status_code in (200, 302), address


def test_a_series_and_its_parts_know_each_other(client: FlaskClient) -> None:
    series = about(client, f"/en{SERIES}")
    assert (series["numberOfSeasons"], series["numberOfEpisodes"], series["startDate"], series["endDate"]) == (
        2, 6, "1915", "1916")
    season = about(client, f"/en{SERIES}/season/2")
    assert season["@id"] in {part["@id"] for part in series["containsSeason"]}
    assert season["partOfSeries"]["@id"] == series["@id"]
    assert (season["seasonNumber"], season["numberOfEpisodes"], season["startDate"]) == (2, 3, "1915-11-13")
    episode = about(client, f"/en{SERIES}/season/2/episode/3")
    assert episode["@id"] in {part["@id"] for part in season["episode"]}
    assert (episode["partOfSeason"]["@id"], episode["partOfSeason"]["seasonNumber"]) == (season["@id"], 2)
    assert episode["partOfSeries"]["@id"] == series["@id"]
    assert (episode["episodeNumber"], episode["datePublished"], episode["duration"]) == (3, "1915-11-13", "PT33M")


def test_a_film_without_a_director_names_nobody_else_as_one(client: FlaskClient) -> None:
    with unit_of_work() as work:
        writer = services.save_person(work, SYSTEM, PersonInput(name="A Writer"))
        film = services.save_title(work, SYSTEM, TitleInput(kind="film", original_title="Undirected", slug="undirected",
                                                            credits=[CreditInput(person_id=writer.id,
                                                                                 department="writing", job="Writer")]))
        services.publish(work, SYSTEM, film.id)
    film_node = about(client, "/en/films/undirected")
    assert "director" not in film_node
    assert film_node["author"][0]["name"] == "A Writer"


def test_ratings_are_counted_and_nothing_is_said_without_any(client: FlaskClient, title: Callable[[str], Title],
                                                             members: Members) -> None:
    assert "aggregateRating" not in about(client, f"/en{FILM}")
    film = title("nosferatu-eine-symphonie-des-grauens-1922")
    with unit_of_work() as work:
        for member, value in zip(members(3), (10, 7, 7), strict=True):
            ratings.rate(work, member, film.id, value)
    assert about(client, f"/ru{FILM}")["aggregateRating"] == {
        "@type": "AggregateRating", "ratingValue": 8.0, "ratingCount": 3, "bestRating": 10, "worstRating": 1}


def review(author: User, film: Title, text: str = "Shadows.", *, spoiler: bool = False, locale: str = "en") -> int:
    with unit_of_work() as work:
        return reviews.save_review(work, author, film.id, ReviewInput(text=text, spoiler=spoiler), locale).id


def test_reviews_are_told_only_where_every_visitor_may_read_them(client: FlaskClient, session: Session,
                                                                 title: Callable[[str], Title], members: Members,
                                                                 make_user: Callable[..., User]) -> None:
    film, (one, two, three) = title("nosferatu-eine-symphonie-des-grauens-1922"), members(3)
    kept = review(one, film, "A **shadow** </script><b>on</b> the stairs.", locale="ru")
    spoiler = review(two, film, "He dies at dawn.", spoiler=True)
    removed = review(three, film, "Rude.")
    with unit_of_work() as work:
        moderation.decide(work, make_user("moderator"), removed, "remove", "rude")
        ratings.rate(work, one, film.id, 9)
        name = work.get_one(Profile, one.id).name
    told = about(client, f"/en{FILM}")["review"]
    assert [found["url"] for found in told] == [f"{BASE}/en/reviews/{kept}"]
    assert (told[0]["author"]["name"], told[0]["inLanguage"], told[0]["reviewRating"]["ratingValue"]) == (name, "ru", 9)
    assert told[0]["reviewBody"] == "A shadow </script><b>on</b> the stairs."
    assert one.email not in client.get(f"/en{FILM}").text
    alone = about(client, f"/ru/reviews/{kept}")
    assert (alone["@type"], alone["itemReviewed"]["@type"], alone["itemReviewed"]["url"]) == (
        "Review", "Movie", f"{BASE}/ru{FILM}")
    assert graph_of(client.get(f"/en/reviews/{spoiler}").text) == []


@pytest.mark.parametrize("episode", [False, True])
def test_a_video_is_one_that_anybody_may_watch(client: FlaskClient, watchable: Callable[..., Edition],
                                               episode: bool) -> None:
    slug = "les-vampires-1915" if episode else "nosferatu-eine-symphonie-des-grauens-1922"
    edition = watchable(slug, embeddable=True, episode=episode)
    page = f"/en/watch/{edition.public_id}"
    video = about(client, page)
    assert (video["@type"], video["duration"], video["uploadDate"], video["inLanguage"]) == (
        "VideoObject", "PT1H30M", "2026-03-04T05:06:07+00:00", "de")
    assert video["name"] == ("The Severed Head" if episode else "Nosferatu")
    assert [(clip["name"], clip["startOffset"], clip["endOffset"]) for clip in video["hasPart"]] == [
        ("Act <1>", 0, 2700), ("Act 2", 2700, 5400)]
    assert video["hasPart"][1]["url"] == f"{BASE}{page}?t=2700"
    assert client.get(video["embedUrl"].removeprefix(BASE)).status_code == 200
    playlist = client.get(video["contentUrl"].removeprefix(BASE))
    assert playlist.status_code == 302
    assert client.get(playlist.location).text.startswith("#EXTM3U")
    where = about(client, f"/en{SERIES}/season/2/episode/1" if episode else f"/en{FILM}")
    assert where["potentialAction"]["target"]["urlTemplate"] == f"{BASE}{page}"


def test_a_film_without_chapters_has_no_clips(client: FlaskClient, session: Session,
                                              watchable: Callable[..., Edition]) -> None:
    edition = watchable()
    with unit_of_work():
        edition.marks.clear()
    assert "hasPart" not in about(client, f"/en/watch/{edition.public_id}")


@pytest.mark.parametrize("audience", ["registered", "link"])
def test_a_film_for_some_is_no_public_video(client: FlaskClient, watchable: Callable[..., Edition], audience: str,
                                            sign_in: Callable[..., User]) -> None:
    edition = watchable(audience=audience)
    assert client.get(f"/media/open/{edition.public_id}/master.m3u8").status_code == 404
    sign_in("editor")
    text = client.get(f"/en/watch/{edition.public_id}").text
    assert graph_of(text) == []
    assert '<meta name="robots" content="noindex">' in text
    assert "potentialAction" not in about(client, f"/en{FILM}")


def test_the_lasting_address_is_not_for_other_sites_where_the_film_is_not(client: FlaskClient,
                                                                          watchable: Callable[..., Edition]) -> None:
    closed, open_one = watchable(), watchable("metropolis-1927", embeddable=True)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert client.get(f"/media/open/{closed.public_id}/master.m3u8", headers=foreign).status_code == 403
    assert client.get(f"/media/open/{closed.public_id}/master.m3u8").status_code == 302
    assert client.get(f"/media/open/{open_one.public_id}/master.m3u8", headers=foreign).status_code == 302
    assert client.get("/media/open/nothing/master.m3u8").status_code == 404


def test_a_draft_says_nothing_to_machines(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    text = client.get("/en/films/a-draft-1930").text
    assert graph_of(text) == []
    assert '<meta name="robots" content="noindex">' in text
    assert "canonical" not in text
    assert "hreflang" not in text.partition("</head>")[0]


def test_what_is_told_costs_a_page_no_query(client: FlaskClient, title: Callable[[str], Title], members: Members,
                                            watchable: Callable[..., Edition],
                                            count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    film = title("nosferatu-eine-symphonie-des-grauens-1922")
    watchable()
    for member in members(4):
        review(member, film)
        with unit_of_work() as work:
            ratings.rate(work, member, film.id, 8)
    with count_queries() as statements:
        told = about(client, f"/en{FILM}")
    assert {"aggregateRating", "review", "potentialAction"} <= told.keys()
    assert len(statements) <= 8, "\n".join(statements)


@given(st.text(), st.text())
def test_no_text_leaves_its_script(one: str, other: str) -> None:
    written = serialise([node("Movie", name=one + "</script><!--" + other)])
    assert not set("<>&") & set(written)


@given(st.integers(1, 10**6))
def test_durations_are_those_of_iso_8601(seconds: int) -> None:
    written = length(milliseconds=seconds * 1000)
    parts = dict(zip("HMS", (0, 0, 0), strict=True))
    number = ""
    for letter in written.removeprefix("PT"):
        if letter.isdigit():
            number += letter
        else:
            parts[letter], number = int(number), ""
    assert timedelta(hours=parts["H"], minutes=parts["M"], seconds=parts["S"]).total_seconds() == seconds
    assert length(None) == length(0) == ""
