"""What pages say in their heads: one address for one content, only languages it has, and what is not to be found."""
from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.preview import preview_token
from moviepoint.domains.community.models import Profile
from moviepoint.domains.media.models import Edition
from moviepoint.kernel.db import unit_of_work

BASE = "http://127.0.0.1:8000"
NOINDEX = '<meta name="robots" content="noindex">'
FILM = "/films/nosferatu-eine-symphonie-des-grauens-1922"
pytestmark = pytest.mark.usefixtures("catalogue")


def head(client: FlaskClient, path: str) -> str:
    return client.get(path).text.partition("</head>")[0]


def alternates(text: str) -> dict[str, str]:
    found = re.findall(r'rel="alternate" hreflang="([^"]+)" href="([^"]+)"', text)
    return {locale: unescape(url) for locale, url in found}


def canonical(text: str) -> str:
    found = re.findall(r'rel="canonical" href="([^"]+)"', text)
    assert len(found) == 1
    return unescape(str(found[0]))


def graph(text: str, name: str) -> list[str]:
    """Return the contents of an Open Graph property."""
    return [unescape(content) for content in re.findall(rf'<meta property="{name}" content="([^"]*)">', text)]


def test_a_page_in_all_languages_names_them_each_way(client: FlaskClient) -> None:
    for locale in ("en", "ru"):
        text = head(client, f"/{locale}{FILM}?utm_source=x")
        assert canonical(text) == f"{BASE}/{locale}{FILM}"
        assert alternates(text) == {"en": f"{BASE}/en{FILM}", "ru": f"{BASE}/ru{FILM}", "x-default": f"{BASE}/en{FILM}"}
        assert graph(text, "og:url") == [f"{BASE}/{locale}{FILM}"]


@pytest.mark.parametrize(("path", "locale"), [("/films/haxan-1922", "en"), ("/people/thea-von-harbou", "en"),
                                              ("/series/les-vampires-1915/season/1/episode/3", "en")])
def test_a_language_that_the_content_lacks_is_not_offered(client: FlaskClient, path: str, locale: str) -> None:
    for asked in ("en", "ru"):
        text = head(client, f"/{asked}{path}")
        assert alternates(text) == {locale: f"{BASE}/{locale}{path}", "x-default": f"{BASE}/{locale}{path}"}
        assert canonical(text) == f"{BASE}/{locale}{path}"


def test_each_page_of_a_list_is_itself(client: FlaskClient) -> None:
    text = head(client, "/ru/films?order=year&utm_source=x")
    assert canonical(text) == f"{BASE}/ru/films?order=year"
    assert alternates(text)["en"] == f"{BASE}/en/films?order=year"


def test_open_graph_shows_a_wide_picture_and_the_country(client: FlaskClient) -> None:
    text = head(client, f"/ru{FILM}")
    picture, = graph(text, "og:image")
    assert re.fullmatch(rf"{BASE}/images/\d+/wide-50-50\.webp", picture)
    assert client.get(picture.removeprefix(BASE)).status_code == 200
    assert graph(text, "og:type") == ["video.movie"]
    assert (graph(text, "og:locale"), graph(text, "og:locale:alternate")) == (["ru_RU"], ["en_US"])
    assert graph(text, "video:release_date") == ["1922"]
    assert '<meta name="twitter:card" content="summary_large_image">' in text
    assert '<meta name="twitter:card" content="summary">' in head(client, "/en/films")


def test_a_film_that_other_sites_may_show_names_its_player(client: FlaskClient,
                                                           watchable: Callable[..., Edition]) -> None:
    shown, kept = watchable(embeddable=True), watchable("metropolis-1927")
    assert graph(head(client, f"/en/watch/{shown.public_id}"), "og:video") == [f"{BASE}/embed/{shown.public_id}"]
    text = head(client, f"/en/watch/{kept.public_id}")
    assert graph(text, "og:video") == []
    assert canonical(text) == f"{BASE}/en/watch/{kept.public_id}"


@pytest.mark.parametrize("path", ["/search?q=metropolis", "/account/login", "/account/register", "/nowhere"])
def test_what_strangers_reach_but_machines_shall_not_keep(client: FlaskClient, path: str) -> None:
    text = head(client, f"/en{path}")
    assert 'name="robots" content="noindex' in text
    assert "canonical" not in text


def test_ones_own_pages_are_not_found(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in("member")
    for path in ("/account/security", "/account/news", "/account/profile", "/account/tokens/"):
        text = head(client, f"/en{path}")
        assert NOINDEX in text, path


def test_a_preview_is_not_found_and_tells_nobody_its_address(client: FlaskClient,
                                                             title: Callable[[str], Title]) -> None:
    for slug in ("a-draft-1930", "metropolis-1927"):
        address = f"/en/preview/{preview_token(title(slug).id)}"
        text = head(client, address)
        assert NOINDEX in text
        assert "canonical" not in text
        assert "hreflang" not in text
        assert address not in text


def test_a_member_is_found_only_if_they_like(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    user = sign_in("member")
    page = client.get("/en/account/me").location
    assert NOINDEX not in head(client, page)
    with unit_of_work() as work:
        work.get_one(Profile, user.id).visibility = "members"
    assert NOINDEX in head(client, page)
