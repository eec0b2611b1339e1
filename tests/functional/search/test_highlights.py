"""Why something was found: marks in its name, in other names, in people, in a part of the overview."""
from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.catalog.schemas import CreditInput, PersonInput, TitleInput
from moviepoint.domains.search import services
from moviepoint.domains.search.engine import current_sources
from moviepoint.domains.search.whoosh_index import WhooshIndex
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert


def highlights(client: FlaskClient, query: str, language: str = "en") -> dict[str, list[str]]:
    """Return the marked words of the first hit by field."""
    hit = client.get("/api/v1/search", query_string={"query": query, "language": language}).json["results"][0]
    return {each["field"]: [each["text"][start:end] for start, end in each["ranges"]] for each in hit["highlights"]}


def test_marks_in_names_of_any_spelling(client: FlaskClient, index: WhooshIndex) -> None:
    assert highlights(client, "metropolis") == {"name": ["Metropolis"]}
    assert highlights(client, "metropolsi") == {"name": ["Metropolis"]}
    assert highlights(client, "haxan")["name"] == ["Häxan"]
    assert highlights(client, "вампир", "ru")["name"] == ["Вампиры"]


def test_another_name_is_shown_when_it_is_that_one(client: FlaskClient, index: WhooshIndex) -> None:
    assert highlights(client, "le voyage dans la lune")["title"] == ["Le", "Voyage", "dans", "la", "Lune"]
    assert highlights(client, "метрополис")["title"] == ["Метрополис"]
    assert highlights(client, "метрополис", "ru") == {"name": ["Метрополис"]}
    page = client.get("/en/search?q=le+voyage+dans").text
    assert "<mark>Voyage</mark>" in page


def test_people_and_overviews(client: FlaskClient, index: WhooshIndex) -> None:
    found = highlights(client, "lang ruler")
    assert found["people"] == ["Lang"]
    assert found["text"] == ["ruler's"]
    assert "<mark>Lang</mark>" in client.get("/en/search?q=lang+ruler").text


def test_html_in_texts_stays_text(client: FlaskClient, catalogue: Session, no_index: WhooshIndex) -> None:
    with unit_of_work() as work:
        person = catalog.save_person(work, SYSTEM, PersonInput(name="<b>Bobby</b> Tables"))
        title = catalog.save_title(work, SYSTEM, convert(TitleInput, {
            "kind": "film", "original_title": "<i>Zork</i> & <script>alert(1)</script>", "texts": {
                "en": {"name": "<img src=x onerror=alert(2)> Zork", "overview": "A </p><mark>zork</mark> & more."}}}))
        title.credits = []
        catalog.save_title(work, SYSTEM, convert(TitleInput, {"credits": [CreditInput(person_id=person.id)]}), title.id)
        catalog.publish(work, SYSTEM, title.id)
    services.rebuild(catalogue, no_index, current_sources())
    page = client.get("/en/search?q=zork+bobby").text
    for dangerous in ("<img src=x", "<script>alert", "<b>Bobby", "</p><mark>zork</mark> &"):
        assert dangerous not in page
    assert "&lt;img src=x onerror=alert(2)&gt; <mark>Zork</mark>" in page
    assert "&lt;mark&gt;<mark>zork</mark>&lt;/mark&gt; &amp; more." in page
    assert "&lt;b&gt;<mark>Bobby</mark>&lt;/b&gt; Tables" in page
