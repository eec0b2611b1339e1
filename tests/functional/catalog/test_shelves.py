"""Pages of collections and companies, the links to them from a title, and their titles in the API."""
from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import services, sitemaps
from moviepoint.domains.catalog.models import Collection, Company, Title
from moviepoint.domains.catalog.schemas import CollectionInput, CompanyInput, TitleInput
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert
from moviepoint.shells.site.fragments import forget_fragments

COLLECTION, COMPANY = "/collections/night-and-machines", "/companies/ufa"
NOSFERATU = "nosferatu-eine-symphonie-des-grauens-1922"
Counter = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture(autouse=True)
def shelves(catalogue: Session) -> None:
    """Make a collection of three public titles and a draft, in an order that is not that of time, and a company."""
    with unit_of_work() as work:
        services.save_collection(work, SYSTEM, convert(CollectionInput, {
            "slug": "night-and-machines", "titles": ["metropolis-1927", "a-draft-1930", NOSFERATU, "les-vampires-1915"],
            "texts": {"en": {"name": "Night and machines", "overview": "Cities that do not sleep."},
                      "ru": {"name": "Ночь и машины"}}}))
        services.save_term(work, SYSTEM, Company, convert(CompanyInput, {
            "slug": "ufa", "country": "DE", "names": {"en": "Ufa", "ru": "УФА"}}))
        for slug, roles in (("metropolis-1927", ("production", "distribution")), (NOSFERATU, ("distribution",)),
                            ("a-draft-1930", ("production",))):
            title = work.scalars(select(Title).where(Title.slug == slug)).one()
            services.save_title(work, SYSTEM, convert(TitleInput, {
                "companies": [{"company": "ufa", "role": role} for role in roles]}), title.id)
    catalogue.expunge_all()


def names(client: FlaskClient, address: str) -> list[str]:
    """Return the names of the cards on a page, in order."""
    response = client.get(address)
    assert response.status_code == 200
    found = re.findall(r'class="card__name"[^>]*><a href="[^"]*">(.*?)</a>', response.text)
    return [html.unescape(name).split(",")[0].split(".")[0] for name in found]


@pytest.mark.parametrize(("address", "shown"), [
    (f"/en{COLLECTION}", ["The Vampires", "Nosferatu", "Metropolis"]),
    (f"/ru{COLLECTION}", ["Вампиры", "Носферату", "Метрополис"]),
    (f"/en{COLLECTION}?order=listed", ["Metropolis", "Nosferatu", "The Vampires"]),
    (f"/en{COLLECTION}?order=-year", ["Metropolis", "Nosferatu", "The Vampires"]),
    (f"/en{COLLECTION}?order=name", ["Metropolis", "Nosferatu", "The Vampires"]),
    (f"/ru{COLLECTION}?order=name", ["Вампиры", "Метрополис", "Носферату"]),
    (f"/en{COMPANY}", ["Nosferatu", "Metropolis"]), (f"/en{COMPANY}?role=production", ["Metropolis"]),
    (f"/en{COMPANY}?role=distribution&order=-year", ["Metropolis", "Nosferatu"]),
    (f"/en{COMPANY}?role=broadcast&order=listed", ["Nosferatu", "Metropolis"]),
    (f"/en{COMPANY}?role=%3Cb%3E&order=x%27", ["Nosferatu", "Metropolis"])])
def test_titles_stand_in_the_order_of_time_or_as_asked(client: FlaskClient, address: str, shown: list[str]) -> None:
    assert names(client, address) == shown


def test_a_collection_is_described_in_the_readers_language(client: FlaskClient) -> None:
    english = html.unescape(client.get(f"/en{COLLECTION}").text)
    assert "<h1>Night and machines</h1>" in english and "Cities that do not sleep." in english
    assert "3 titles" in english and "A Draft" not in english
    russian = html.unescape(client.get(f"/ru{COLLECTION}").text)
    assert "<h1>Ночь и машины</h1>" in russian
    assert '<p class="prose" lang="en" dir="ltr">Cities that do not sleep.</p>' in russian
    found = re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', english, re.S)
    assert found is not None
    schema = {node["@type"]: node for node in json.loads(found[1])["@graph"]}
    assert schema["Collection"]["name"] == "Night and machines"
    assert [entry["position"] for entry in schema["ItemList"]["itemListElement"]] == [1, 2, 3]
    assert schema["BreadcrumbList"]["itemListElement"][-1]["name"] == "Night and machines"
    assert 'hreflang="ru"' in english and 'property="og:image"' in english


def test_a_company_says_its_country_and_its_parts(client: FlaskClient) -> None:
    page = html.unescape(client.get(f"/ru{COMPANY}").text)
    assert "<h1>УФА</h1>" in page and "Германия" in page
    assert 'href="/ru/companies/ufa?role=distribution"' in page
    assert re.search(r'aria-current="true">Все <span class="chip__count">2<', page)


def test_a_title_leads_to_its_collections_and_companies(client: FlaskClient) -> None:
    page = html.unescape(client.get("/ru/films/metropolis-1927").text)
    assert '<a href="/ru/collections/night-and-machines">Ночь и машины</a>' in page
    assert page.count('<a href="/ru/companies/ufa">УФА</a>') == 2  # made it, and distributed it
    assert "/collections/" not in client.get("/en/films/haxan-1922").text


@pytest.mark.parametrize("path", [
    "/collections/no-such", "/companies/no-such", f"{COLLECTION}?page=2", f"{COLLECTION}?page=0", f"{COMPANY}?page=-1",
    f"{COMPANY}?page=1000000000", f"{COMPANY}?page=²", "/collections/ufa"])
def test_what_is_not_there_is_a_themed_404(client: FlaskClient, path: str) -> None:
    response = client.get(f"/ru{path}")
    assert response.status_code == 404
    assert "Здесь ничего не показывают" in response.text


def test_one_without_public_titles_says_so(client: FlaskClient) -> None:
    with unit_of_work() as work:
        services.save_collection(work, SYSTEM, convert(CollectionInput, {
            "slug": "soon", "titles": ["a-draft-1930"], "texts": {"en": {"name": "<b>Soon</b>"}}}))
    page = client.get("/en/collections/soon").text
    assert "Nothing is published here yet" in page and "A Draft" not in page
    assert "&lt;b&gt;Soon&lt;/b&gt;" in page and "<b>Soon" not in page


def test_many_titles_are_paged_with_what_was_asked(client: FlaskClient) -> None:
    with unit_of_work() as work:
        for number in range(40):
            title = services.save_title(work, SYSTEM, convert(TitleInput, {
                "kind": "film", "original_title": f"Film {number:02d}", "year": 1930 + number,
                "companies": [{"company": "ufa", "role": "production"}]}))
            services.publish(work, SYSTEM, title.id)
    first = html.unescape(client.get(f"/en{COMPANY}?role=production&order=-year").text)
    assert first.count('class="card__name"') == 36
    assert 'href="/en/companies/ufa?order=-year&role=production&page=2"' in first
    assert names(client, f"/en{COMPANY}?role=production&order=-year&page=2") == [
        "Film 03", "Film 02", "Film 01", "Film 00", "Metropolis"]


@pytest.mark.parametrize("path", [COLLECTION, COMPANY, "/films/metropolis-1927"])
def test_queries_are_few_and_do_not_grow(client: FlaskClient, count_queries: Counter, path: str) -> None:
    client.get(f"/en{path}")
    forget_fragments()  # a page costs most when none of its parts is kept
    with count_queries() as before:
        client.get(f"/en{path}")
    with unit_of_work() as work:
        slugs = []
        for number in range(12):
            title = services.save_title(work, SYSTEM, convert(TitleInput, {
                "kind": "film", "original_title": f"Film {number}",
                "companies": [{"company": "ufa", "role": "production"}]}))
            services.publish(work, SYSTEM, title.id)
            slugs.append(title.slug)
            services.save_collection(work, SYSTEM, convert(CollectionInput, {
                "titles": ["metropolis-1927"], "texts": {"en": {"name": f"Collection {number}"}}}))
        collection = work.scalars(select(Collection).where(Collection.slug == "night-and-machines")).one()
        services.save_collection(work, SYSTEM, convert(CollectionInput, {"titles": slugs}), collection.id)
    with count_queries() as after:
        assert client.get(f"/en{path}").status_code == 200
    assert len(after) <= len(before) <= 8, before


def test_the_api_lists_their_titles(client: FlaskClient, session: Session, sign_in: Callable[..., User]) -> None:
    collection, company = (session.scalars(select(model.id).where(model.slug == slug)).one()
                           for model, slug in ((Collection, "night-and-machines"), (Company, "ufa")))
    titles = f"/api/v1/collections/{collection}/titles"
    found = client.get(f"{titles}?language=ru&page_size=2").json
    assert (found["results"][0]["name"], found["total_results"], found["total_pages"]) == (
        "Метрополис", 3, 2)
    of_company = f"/api/v1/companies/{company}/titles"
    assert [card["year"] for card in client.get(of_company).json["results"]] == [1922, 1927]
    assert client.get(f"{of_company}?role=production").json["total_results"] == 1
    for wrong in (f"{of_company}?role=cook", f"{of_company}?sort_by=colour", f"{titles}?page=0"):
        assert client.get(wrong).status_code in (400, 422)
        assert client.get(wrong).content_type == "application/problem+json"
    assert client.get("/api/v1/collections/999999/titles").status_code == 404
    assert client.get("/api/v1/companies/999999/titles").status_code == 404
    sign_in("editor")
    assert client.get(titles).json["total_results"] == 4  # the draft too


def test_both_stand_in_the_sitemap_while_something_of_theirs_is_public(app: MoviePoint, catalogue: Session) -> None:
    with app.test_request_context():
        told = [page.paths for page in sitemaps.shelves(catalogue, ("en", "ru"))]
    assert told == [{"en": f"/en{path}", "ru": f"/ru{path}"}
                    for path in ("/collections", COLLECTION, "/companies", COMPANY)]
    for title in catalogue.scalars(select(Title)):
        title.status = "draft"
    with app.test_request_context():
        assert list(sitemaps.shelves(catalogue, ("en", "ru"))) == []
