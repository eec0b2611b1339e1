"""Sitemaps by a parser of XML, against the protocol's limits and the extensions' required fields; robots.txt."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import msgspec
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.schemas import TitleInput
from moviepoint.domains.discovery import sitemaps, tasks, xml
from moviepoint.domains.discovery.views import ASKED
from moviepoint.domains.media.models import Edition
from moviepoint.domains.pages.models import StaticPage, StaticPageText
from moviepoint.hooks.types import SitemapPage, SitemapVideo
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.policies import SYSTEM

BASE = "http://127.0.0.1:8000"
NS = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml",
      "i": "http://www.google.com/schemas/sitemap-image/1.1", "v": "http://www.google.com/schemas/sitemap-video/1.1"}
FILM = "/films/nosferatu-eine-symphonie-des-grauens-1922"
Entries = dict[str, ElementTree.Element]


@pytest.fixture(autouse=True)
def storage(app: MoviePoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalStorage]:
    """Keep each test's sitemaps to itself; pictures stay where the sample has put them."""
    own = LocalStorage(tmp_path)
    monkeypatch.setitem(app.extensions, "moviepoint.storage", own)
    yield own


def root_of(client: FlaskClient, address: str) -> ElementTree.Element:
    response = client.get(address.removeprefix(BASE))
    assert (response.status_code, response.mimetype) == (200, "application/xml"), address
    return ElementTree.fromstring(response.data)


def written(client: FlaskClient) -> Entries:
    """Write the sitemaps and return all entries by address, each checked for what the protocol asks."""
    tasks.write_sitemaps()
    index = root_of(client, "/sitemap.xml")
    assert index.tag == f"{{{NS['s']}}}sitemapindex"
    found: Entries = {}
    for part in index.iterfind("s:sitemap", NS):
        assert datetime.fromisoformat(part.findtext("s:lastmod", "", NS)).tzinfo is not None
        urls = root_of(client, part.findtext("s:loc", "", NS))
        assert urls.tag == f"{{{NS['s']}}}urlset"
        for url in urls:
            address = url.findtext("s:loc", "", NS)
            assert address.startswith(f"{BASE}/")
            assert address not in found
            found[address] = url
    return found


def alternates(url: ElementTree.Element) -> dict[str, str]:
    return {link.get("hreflang", ""): link.get("href", "") for link in url.iterfind("x:link", NS)}


@pytest.mark.usefixtures("catalogue")
def test_all_that_is_public_stands_there_and_opens(client: FlaskClient) -> None:
    entries = written(client)
    for path in ("/", "/films", "/series", "/genres/horror", FILM, "/series/les-vampires-1915", "/people/fritz-lang",
                 "/series/les-vampires-1915/season/2", "/series/les-vampires-1915/season/2/episode/1"):
        for locale in ("en", "ru"):
            assert f"{BASE}/{locale}{path}" in entries, path
    assert not [address for address in entries if "draft" in address]
    for address, url in entries.items():
        page = client.get(address.removeprefix(BASE)).text
        assert f'<link rel="canonical" href="{address}">' in page, address
        heads = dict(re.findall(r'rel="alternate" hreflang="([^"]+)" href="([^"]+)"', page))
        told = alternates(url)
        assert told == (heads if len(heads) > 2 else {}), address
        assert not told or address in told.values()


@pytest.mark.usefixtures("catalogue")
def test_pictures_are_those_of_the_page(client: FlaskClient) -> None:
    url = written(client)[f"{BASE}/en{FILM}"]
    pictures = [loc.text or "" for loc in url.iterfind("i:image/i:loc", NS)]
    assert len(pictures) == 2
    assert all(re.fullmatch(rf"{BASE}/images/\d+/(600|1600)\.webp", picture) for picture in pictures)
    assert datetime.fromisoformat(url.findtext("s:lastmod", "", NS)).date() == datetime.now(UTC).date()


def test_only_films_for_everybody_are_videos(client: FlaskClient, watchable: Callable[..., Edition],
                                             catalogue: Session) -> None:
    shown, kept = watchable(embeddable=True), watchable("metropolis-1927", audience="registered")
    part = watchable("les-vampires-1915", episode=True)
    entries = written(client)
    assert not [address for address in entries if kept.public_id in address]
    video = entries[f"{BASE}/ru/watch/{shown.public_id}"].find("v:video", NS)
    assert video is not None
    assert {child.tag.partition("}")[2]: child.text for child in video} == {
        "thumbnail_loc": video.findtext("v:thumbnail_loc", "", NS),
        "title": "Носферату. Симфония ужаса",
        "description": "Сын правителя спускается в машинные залы и видит, на чём держится его город.",
        "content_loc": f"{BASE}/media/open/{shown.public_id}/master.m3u8",
        "player_loc": f"{BASE}/embed/{shown.public_id}", "duration": "5400",
        "publication_date": "2026-03-04T05:06:07+00:00"}
    assert video.findtext("v:thumbnail_loc", "", NS).startswith(f"{BASE}/images/")
    episode = entries[f"{BASE}/en/watch/{part.public_id}"].find("v:video", NS)
    assert episode is not None
    assert (episode.findtext("v:title", "", NS), episode.find("v:player_loc", NS)) == ("The Severed Head", None)


def test_static_pages_stand_there_in_their_languages(client: FlaskClient, session: Session) -> None:
    with unit_of_work() as work:
        for slug, status in (("about", "published"), ("soon", "draft")):
            page = StaticPage(slug=slug, status=status)
            page.texts = [StaticPageText(locale="ru", name="О нас", body="Мы.")]
            work.add(page)
    assert [address for address in written(client) if "/pages/" in address] == [f"{BASE}/ru/pages/about"]


def test_nothing_is_built_in_a_request(app: MoviePoint, client: FlaskClient, session: Session,
                                       queue: list[tuple[str, dict[str, object]]]) -> None:
    app.extensions.pop(ASKED, None)
    for _turn in range(3):
        answer = client.get("/sitemap.xml")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "120")
    assert [name for name, _arguments in queue] == [sitemaps.WRITE]


def test_a_new_one_takes_the_place_of_the_old(client: FlaskClient, session: Session, storage: LocalStorage) -> None:
    folders = []
    for _turn in range(4):
        written(client)
        folders.append({key.split("/")[1] for key in storage.keys("sitemaps") if key.count("/") == 2})
    assert len(folders[-1]) == 2
    assert folders[-1] & folders[-2]  # whoever has read the index before still finds its parts


def test_a_source_that_fails_takes_no_other_with_it(client: FlaskClient, catalogue: Session,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moviepoint.domains.catalog.sitemaps.pictures_of", lambda *_: 1 / 0)
    entries = written(client)
    assert f"{BASE}/en/" in entries
    assert f"{BASE}/en{FILM}" not in entries


def test_the_queries_do_not_grow(client: FlaskClient, session: Session,
                                 count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    costs = []
    for _turn in range(2):
        with unit_of_work() as work:
            for number in range(20):
                title = services.save_title(work, SYSTEM, TitleInput(kind="film", original_title=f"F {number}"))
                services.publish(work, SYSTEM, title.id)
        with count_queries() as statements:
            tasks.write_sitemaps()
        costs.append(len(statements))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("path", ["/sitemaps/20260101T000000/../../x.xml", "/sitemaps/x/titles-1.xml",
                                  "/sitemaps/20260101T000000000000/none-1.xml", "/sitemaps/²0260101T000/a.xml"])
def test_only_sitemaps_are_sent(client: FlaskClient, session: Session, path: str) -> None:
    assert client.get(path).status_code == 404


TEXT = st.text(st.characters(codec="utf-8"), max_size=40)


@given(TEXT, TEXT, TEXT)
def test_any_text_is_well_formed(one: str, other: str, path: str) -> None:
    page = SitemapPage({"en": f"/{path}", "ru": "/b"}, pictures=[f"/{one}"],
                       videos={"en": SitemapVideo(one, other, "/t", f"/{other}")})
    part, = xml.parts(xml.urls(BASE, page, "en"))
    root = ElementTree.fromstring(part)
    assert len(root) == 2
    kept = "".join(c for c in one if ElementTree.fromstring(f"<a>{xml.text(c)}</a>").text or c == "")
    title = root.findtext("s:url/v:video/v:title", "", NS)
    assert title.replace("\r", "\n") == kept.replace("\r\n", "\n").replace("\r", "\n")


@given(st.lists(st.integers(1, 400), min_size=1, max_size=60), st.integers(1, 9), st.integers(900, 2_000))
def test_parts_keep_their_limits_and_lose_nothing(lengths: list[int], most: int, size: int) -> None:
    entries = [f"<url><loc>{'a' * length}</loc></url>\n" for length in lengths]
    parts = list(xml.parts(entries, most=most, size=size))
    found = [loc.text for part in parts for loc in ElementTree.fromstring(part).iterfind("s:url/s:loc", NS)]
    assert [len(text or "") for text in found] == lengths
    assert all(len(part) <= size and part.count(b"<url>") <= most for part in parts)


def test_the_limits_are_the_protocols() -> None:
    assert (xml.MOST_ADDRESSES, xml.MOST_BYTES) == (50_000, 52_428_800)
    entries = [f"<url><loc>{n}</loc></url>\n" for n in range(50_001)]
    assert [part.count(b"<url>") for part in xml.parts(entries)] == [50_000, 1]


def rules(client: FlaskClient) -> RobotFileParser:
    parser = RobotFileParser()
    parser.parse(client.get("/robots.txt").text.splitlines())
    return parser


def test_robots_may_read_what_is_public_and_nothing_of_ones_own(client: FlaskClient, session: Session) -> None:
    answer = client.get("/robots.txt")
    assert answer.mimetype == "text/plain"
    parser = rules(client)
    assert parser.site_maps() == [f"{BASE}/sitemap.xml"]
    for path in ("/en/", "/ru/films", "/images/1/600.webp", "/media/open/x/master.m3u8", "/assets/css/base.css"):
        assert parser.can_fetch("anybot", path), path
    for path in ("/admin/", "/api/v1/titles", "/ru/account/login", "/en/search?q=x", "/en/preview/x"):
        assert not parser.can_fetch("anybot", path), path


def test_a_closed_site_is_closed_everywhere(app: MoviePoint, client: FlaskClient, catalogue: Session,
                                            storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    written(client)
    assert "X-Robots-Tag" not in client.get("/en/").headers
    monkeypatch.setitem(app.extensions, "moviepoint.settings", msgspec.structs.replace(
        app.extensions["moviepoint.settings"], search_engines=False))
    assert not rules(client).can_fetch("anybot", "/en/")
    assert rules(client).site_maps() is None
    assert client.get("/sitemap.xml").status_code == 404
    for path in ("/en/", f"/en{FILM}", "/assets/icon.svg"):
        assert client.get(path).headers["X-Robots-Tag"] == "noindex, nofollow", path
    tasks.write_sitemaps()
    assert not list(storage.keys("sitemaps")) if storage.path("sitemaps").exists() else True


@pytest.mark.parametrize("path", ["/en/account/login", "/api/v1/titles", "/admin/"])
def test_ones_own_and_the_office_say_so_in_a_header_too(client: FlaskClient, session: Session, path: str) -> None:
    assert client.get(path).headers["X-Robots-Tag"] == "noindex"


def test_titles_in_the_bin_leave_the_sitemap(client: FlaskClient, catalogue: Session,
                                             title: Callable[[str], Title]) -> None:
    with unit_of_work() as work:
        services.delete_title(work, SYSTEM, title("metropolis-1927").id)
    assert f"{BASE}/en/films/metropolis-1927" not in written(client)
