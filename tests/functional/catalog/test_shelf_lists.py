"""The lists of all collections and of all companies: by name or size, in pages, without what has nothing to show."""
from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.models import Company, Image, Title
from moviepoint.domains.catalog.schemas import CollectionInput, CompanyInput, TitleInput
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert

NOSFERATU, METROPOLIS, DRAFT = "nosferatu-eine-symphonie-des-grauens-1922", "metropolis-1927", "a-draft-1930"
CARD = re.compile(r'class="card__name"([^>]*)><a href="([^"]*)">(.*?)</a>.*?class="card__line">(.*?)</p>', re.S)
BOTH = pytest.mark.parametrize("path", ["/collections", "/companies"])
Counter = Callable[[], AbstractContextManager[list[str]]]

pytestmark = pytest.mark.usefixtures("catalogue")


def collect(slug: str, titles: Sequence[str], **names: str) -> None:
    with unit_of_work() as work:
        services.save_collection(work, SYSTEM, convert(CollectionInput, {
            "slug": slug, "titles": list(titles), "texts": {locale: {"name": name} for locale, name in names.items()}}))


def found(slug: str, titles: Sequence[str], country: str = "", **names: str) -> None:
    """Make a company that has produced and distributed titles."""
    with unit_of_work() as work:
        services.save_term(work, SYSTEM, Company, convert(CompanyInput, {
            "slug": slug, "country": country, "names": names}))
        for name in titles:
            title = work.scalars(select(Title).where(Title.slug == name)).one()
            kept = [{"company": link.company.slug, "role": link.role} for link in title.companies]
            services.save_title(work, SYSTEM, convert(TitleInput, {"companies": [
                *kept, {"company": slug, "role": "production"}, {"company": slug, "role": "distribution"}]}), title.id)


def make(path: str, slug: str, titles: Sequence[str], **names: str) -> None:
    (collect if path == "/collections" else found)(slug, titles, **names)


def cards(client: FlaskClient, address: str) -> list[tuple[str, str, str]]:
    """Return address, name and line of each card, in order."""
    page = client.get(address)
    assert page.status_code == 200
    return [(url, html.unescape(name), html.unescape(line)) for _lang, url, name, line in CARD.findall(page.text)]


def schema_of(page: str) -> dict[str, Any]:
    """Return the nodes of a page's structured data by type."""
    script = re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page, re.S)
    assert script is not None
    return {node["@type"]: node for node in json.loads(script[1])["@graph"]}


@BOTH
def test_they_stand_by_name_in_the_readers_language_or_by_size(client: FlaskClient, path: str) -> None:
    make(path, "one", [METROPOLIS], en="zebras", ru="Арбузы")
    make(path, "two", [NOSFERATU, METROPOLIS], en="Apples", ru="яблоки")
    make(path, "three", ["les-vampires-1915"], en="mills")
    make(path, "hidden", [DRAFT], en="Nothing yet")
    make(path, "empty", [], en="Empty")
    assert cards(client, f"/en{path}") == [
        (f"/en{path}/two", "Apples", "2 titles"), (f"/en{path}/three", "mills", "1 title"),
        (f"/en{path}/one", "zebras", "1 title")]
    assert [card[1:] for card in cards(client, f"/ru{path}")] == [
        ("mills", "1 название"), ("Арбузы", "1 название"), ("яблоки", "2 названия")]
    assert [card[1] for card in cards(client, f"/en{path}?order=-titles")] == ["Apples", "mills", "zebras"]
    assert [card[1] for card in cards(client, f"/en{path}?order=%3Cb%3E")] == ["Apples", "mills", "zebras"]
    assert '<h2 class="card__name" lang="en" dir="ltr"><a href="/ru' in client.get(f"/ru{path}").text


def test_a_company_says_its_country_and_counts_a_title_once(client: FlaskClient) -> None:
    found("ufa", [METROPOLIS, DRAFT], "DE", en="Ufa")
    assert cards(client, "/ru/companies") == [("/ru/companies/ufa", "Ufa", "1 название · Германия")]


@BOTH
def test_posters_are_those_of_the_three_earliest_public_titles(client: FlaskClient, session: Session,
                                                               path: str) -> None:
    slugs = [METROPOLIS, DRAFT, "sherlock-jr-1924", "haxan-1922", NOSFERATU, "le-voyage-dans-la-lune-1902"]
    make(path, "many", slugs, en="Many")  # Sherlock Jr. has no poster
    page = client.get(f"/en{path}").text
    posters = dict(session.execute(select(Title.slug, Image.id).join(Image, Image.title_id == Title.id).where(
        Image.kind == "poster", Title.slug.in_([NOSFERATU, "haxan-1922", "le-voyage-dans-la-lune-1902"]))).all())
    shown = [int(image) for image in re.findall(r'<img src="/images/(\d+)/', page)]
    assert shown[0] == posters["le-voyage-dans-la-lune-1902"]
    assert sorted(shown) == sorted(posters.values())


@BOTH
def test_without_any_it_says_so(client: FlaskClient, path: str) -> None:
    page = client.get(f"/en{path}").text
    assert "has anything to show yet" in page
    assert 'class="chips"' not in page
    make(path, "bare", ["sherlock-jr-1924"], en="<b>Bare</b>")
    page = client.get(f"/en{path}").text
    assert 'class="picture__none" aria-hidden="true">&lt;b&gt;Bare' in page
    assert "<b>Bare" not in page


@BOTH
def test_many_are_paged_in_the_order_that_was_asked_for(client: FlaskClient, path: str) -> None:
    for number in range(38):
        make(path, f"n-{number}", [METROPOLIS], en=f"Name {number:02d}")
    first = html.unescape(client.get(f"/en{path}?order=-titles").text)
    assert first.count('class="card__name"') == 36
    assert f'href="/en{path}?order=-titles&page=2"' in first
    assert [name for _url, name, _line in cards(client, f"/en{path}?page=2")] == ["Name 36", "Name 37"]
    assert f'<link rel="canonical" href="http://127.0.0.1:8000/en{path}?page=2">' in client.get(
        f"/en{path}?page=2").text
    for wrong in ("3", "0", "-1", "x", "²", "1000000000"):
        assert client.get(f"/en{path}?page={wrong}").status_code == 404


@BOTH
def test_queries_are_few_and_do_not_grow(client: FlaskClient, count_queries: Counter, path: str) -> None:
    make(path, "first", [METROPOLIS], en="First")
    client.get(f"/en{path}")
    with count_queries() as before:
        client.get(f"/en{path}")
    for number in range(8):
        make(path, f"n-{number}", [METROPOLIS, NOSFERATU, "haxan-1922"], en=f"Name {number}", ru=f"Имя {number}")
    with count_queries() as after:
        assert client.get(f"/en{path}").status_code == 200
    assert len(after) <= len(before) <= 8, before


@BOTH
def test_machines_and_people_are_led_there(client: FlaskClient, path: str) -> None:
    make(path, "one", [METROPOLIS], en="One", ru="Раз")
    schema = schema_of(client.get(f"/en{path}").text)
    assert [entry["url"] for entry in schema["ItemList"]["itemListElement"]] == [f"http://127.0.0.1:8000/en{path}/one"]
    assert len(schema["BreadcrumbList"]["itemListElement"]) == 2
    footer = client.get("/en/").text.split('class="site-footer"')[1]
    assert f'href="/en{path}"' in footer
    header = client.get("/en/").text.split('class="site-footer"')[0]
    assert f'href="/en{path}"' not in header
    one = client.get(f"/en{path}/one").text
    assert f'<p class="kicker"><a href="/en{path}">' in one
    assert len(schema_of(one)["BreadcrumbList"]["itemListElement"]) == 3
