"""The list of titles and a title's page: filters that count right, many at once, two editors, previews."""
from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image as Pictures
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.backoffice_filters import Filters
from moviepoint.domains.catalog.backoffice_queries import list_titles
from moviepoint.domains.catalog.models import Collection, Image, Person, Title
from moviepoint.domains.catalog.schemas import CollectionInput, PersonInput, TermInput, TitleInput
from moviepoint.domains.history.models import Revision
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert
from tests.functional.kept import make_once

FORM = {"kind": "film", "original_title": "Аэлита", "original_language": "ru", "year": "1924", "runtime": "111",
        "countries": "su", "name:en": "Aelita", "name:ru": "Аэлита"}


@pytest.fixture
def editor(sign_in: Callable[..., User], queue: list[object]) -> User:
    return sign_in("editor")


def enter_titles(work: Session) -> None:
    """Enter 36 titles that differ in all that the list filters by, with several genres, texts and credits each."""
    for name in ("Drama", "War", "Comedy"):
        services.save_genre(work, SYSTEM, TermInput(names={"en": name}))
    person = services.save_person(work, SYSTEM, PersonInput(name="Somebody"))
    made = []
    for number, (kind, genres, locales, credited) in enumerate(itertools.product(
            ("film", "series"), ([], ["drama"], ["drama", "war"]), (["en"], ["en", "ru"], []), (0, 3))):
        title = services.save_title(work, SYSTEM, convert(TitleInput, {
            "kind": kind, "original_title": f"Title {number}", "year": 1900 + number % 20, "genres": genres,
            "texts": {locale: {"name": f"Name {number} {locale}", "overview": "Long" if number % 2 else ""}
                      for locale in locales},
            "credits": [{"person_id": person.id, "job": str(n)} for n in range(credited)]}))
        if number % 3 == 0:
            services.publish(work, SYSTEM, title.id)
        made.append(title)
    services.save_collection(work, SYSTEM, convert(CollectionInput, {
        "texts": {"en": {"name": "Set"}}, "titles": [title.slug for title in made[:7]]}))


@pytest.fixture
def catalogue(app: MoviePoint, session: Session, queue: list[object]) -> list[Title]:
    make_once(app, session, "36 titles", enter_titles)
    return list(session.scalars(select(Title).order_by(Title.id)))


def overviews(title: Title) -> list[str]:
    return [text.overview for text in title.texts if text.overview]


def named(title: Title, locale: str) -> bool:
    return any(text.locale == locale and text.name for text in title.texts)


BRUTE: dict[str, Callable[[Title], bool]] = {
    "kind=series": lambda t: t.kind == "series",
    "status=published": lambda t: t.status == "published",
    "genre=drama": lambda t: any(g.slug == "drama" for g in t.genres),
    "missing=genres": lambda t: not t.genres,
    "missing=credits": lambda t: not t.credits,
    "missing=overview": lambda t: not overviews(t),
    "missing=poster": lambda t: not any(i.kind == "poster" for i in t.images),
    "missing=texts@ru": lambda t: not named(t, "ru"),
    "locale=en": lambda t: named(t, "en"),
    "year_from=1905": lambda t: t.year is not None and t.year >= 1905,
    "year_to=1910": lambda t: t.year is not None and t.year <= 1910,
    "q=Name 1": lambda t: any("name 1" in text.name.casefold() for text in t.texts),
    "q=title 2": lambda t: "title 2" in t.original_title.casefold(),
}


PAIRS = [pair for pair in itertools.combinations(list(BRUTE)[:11], 2)
         if pair[0].split("=")[0] != pair[1].split("=")[0]]


@pytest.mark.parametrize("asked", [*itertools.combinations(BRUTE, 1), *PAIRS], ids="&".join)
def test_counts_and_rows_are_those_of_a_brute_force_count(session: Session, catalogue: list[Title],
                                                          asked: tuple[str, ...]) -> None:
    args = MultiDict([part.split("=", 1) for part in asked])
    wanted = {t.id for t in catalogue if all(BRUTE[part](t) for part in asked)}
    found = list_titles(session, SYSTEM, Filters.read(args), ("en",))
    assert found.total == len(wanted)
    assert {row.id for row in found.rows} == wanted


def test_the_first_page_counts_what_the_list_shows(client: FlaskClient, editor: User, catalogue: list[Title]) -> None:
    client.post(f"/admin/titles/{catalogue[0].id}/delete")
    client.set_cookie("locale", "en")
    page = client.get("/admin/").text
    shown = re.findall(r'<dt><a href="/admin/titles/\?([^"]+)">[^<]+</a></dt><dd>(\d+)</dd>', page)
    assert len(shown) == 8
    for query, count in shown:
        assert f'<span class="soft">{count}</span>' in client.get(f"/admin/titles/?{query}").text, query


@pytest.mark.parametrize("nonsense", ["page=-1", "page=1000000000", "sort=;drop", "year_from=soon", "missing=all@",
                                      "columns=password", "status=sleeping", "q=%25%5F", "added_by=x", "collection=0",
                                      "q=%00", "q=a%00b", "genre=%00", "locale=%00", "missing=texts@%00", "media=%00",
                                      "sort=--year", "kind=%00"])
def test_an_address_that_makes_no_sense_still_lists(client: FlaskClient, editor: User, catalogue: list[Title],
                                                    nonsense: str) -> None:
    assert client.get(f"/admin/titles/?{nonsense}").status_code == 200


@pytest.mark.parametrize("sort", ["added", "-title", "year", "-changed", "published"])
def test_lists_are_sorted_and_paged_without_repeating(session: Session, catalogue: list[Title], sort: str,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moviepoint.domains.catalog.backoffice_queries.PAGE_SIZE", 7)
    seen = [row.id for page in range(1, 7)
            for row in list_titles(session, SYSTEM, Filters(sort=sort, page=page), ("en",)).rows]
    assert sorted(seen) == sorted(title.id for title in catalogue)


def test_the_list_costs_ten_queries(client: FlaskClient, editor: User, catalogue: list[Title], session: Session,
                                    count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    client.get("/admin/titles/")
    session.expire_all()
    with count_queries() as statements:
        client.get("/admin/titles/?genre=drama&q=Name&missing=poster&sort=-year")
    assert len(statements) <= 12


def test_many_titles_at_once(client: FlaskClient, editor: User, catalogue: list[Title], session: Session) -> None:
    drafts = [title.id for title in catalogue if title.status == "draft"][:5]
    collection = session.scalars(select(Collection.id)).one()

    def do(**data: object) -> str:
        answer = client.post("/admin/titles/bulk", data={"ids": drafts} | data, follow_redirects=True)
        session.expire_all()
        return answer.text

    assert "5 titles were changed" in do(verb="publish", back="/admin/titles/?kind=film")
    assert {session.get_one(Title, i).status for i in drafts} == {"published"}
    do(verb="genre", genre="comedy")
    assert all("comedy" in {genre.slug for genre in session.get_one(Title, i).genres} for i in drafts)
    do(verb="collection", collection=str(collection))
    assert set(drafts) <= {item.title_id for item in session.get_one(Collection, collection).items}
    do(verb="delete")
    assert all(session.get_one(Title, i).deleted_at for i in drafts)
    assert session.scalar(select(func.count()).where(Title.deleted_at.is_(None))) == len(catalogue) - 5
    client.post(f"/admin/titles/{drafts[0]}/take_back")
    assert client.get(f"/admin/titles/{drafts[0]}").status_code == 200


@pytest.mark.parametrize(("data", "said"), [
    ({}, "Choose titles first"), ({"ids": ["1"]}, "Choose what to do"),
    ({"ids": ["1"], "verb": "explode"}, "Choose what"),
    ({"ids": [str(n) for n in range(1, 600)], "verb": "publish"}, "at most 500")])
def test_bulk_work_that_cannot_be_done_says_why(client: FlaskClient, editor: User, data: dict[str, object],
                                                said: str) -> None:
    assert said in client.post("/admin/titles/bulk", data=data, follow_redirects=True).text


def test_bulk_work_leads_nowhere_else(client: FlaskClient, editor: User, catalogue: list[Title]) -> None:
    for back in ("https://evil.example/", "//evil.example", "/admin/titles/?x\\@evil"):
        answer = client.post("/admin/titles/bulk", data={"ids": "1", "verb": "publish", "back": back})
        assert answer.headers["Location"].endswith("/admin/titles/")


def enter(client: FlaskClient, **values: object) -> int:
    answer = client.post("/admin/titles/new", data=FORM | values)
    assert answer.status_code == 302, answer.text
    return int(answer.headers["Location"].rsplit("/", 1)[1])


def form_of(client: FlaskClient, title_id: int) -> dict[str, str]:
    """Return what the form of a title would send back, as a browser has it."""
    page = client.get(f"/admin/titles/{title_id}").text
    hidden = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("version", "base")}
    return FORM | {name: found[1] for name, found in hidden.items() if found}


def test_two_editors_on_different_fields_are_both_kept(client: FlaskClient, session: Session, editor: User) -> None:
    title_id = enter(client)
    mine, theirs = form_of(client, title_id), form_of(client, title_id)
    client.post(f"/admin/titles/{title_id}", data=theirs | {"tagline:en": "Anta Odeli Uta"})
    answer = client.post(f"/admin/titles/{title_id}", data=mine | {"runtime": "113"}, follow_redirects=True)
    assert "both changes are kept" in answer.text
    session.expire_all()
    title = session.get_one(Title, title_id)
    assert title.runtime == 113
    assert {text.locale: text.tagline for text in title.texts} == {"en": "Anta Odeli Uta", "ru": ""}


def test_a_meeting_knows_the_state_that_was_read_whatever_was_done_since(client: FlaskClient, session: Session,
                                                                         editor: User) -> None:
    title_id = enter(client)
    client.post(f"/admin/titles/{title_id}/publish")  # the last revision holds no whole state now
    mine, theirs = form_of(client, title_id), form_of(client, title_id)
    client.post(f"/admin/titles/{title_id}", data=theirs | {"tagline:en": "Theirs"})
    answer = client.post(f"/admin/titles/{title_id}", data=mine | {"tagline:en": "", "runtime": "113", "year": ""},
                         follow_redirects=True)
    assert "both changes are kept" in answer.text
    session.expire_all()
    title = session.get_one(Title, title_id)
    assert (title.runtime, title.year) == (113, None)
    assert [text.tagline for text in title.texts if text.locale == "en"] == ["Theirs"]


def test_a_genre_given_to_many_leaves_whole_states_behind(session: Session, catalogue: list[Title]) -> None:
    title = next(title for title in catalogue if [genre.slug for genre in title.genres] == ["drama", "war"])
    with unit_of_work() as work:
        assert services.add_genre(work, SYSTEM, "comedy", [title.id]) == 1
    last = session.scalars(select(Revision).where(Revision.entity == "title", Revision.entity_id == title.id)
                           .order_by(Revision.id.desc()).limit(1)).one()
    assert last.document is not None
    assert sorted(last.document["genres"]) == ["comedy", "drama", "war"]
    assert last.document["original_title"] == title.original_title


def test_a_meeting_keeps_new_words_people_and_pictures(client: FlaskClient, session: Session, editor: User) -> None:
    title_id = enter(client)
    mine, theirs = form_of(client, title_id), form_of(client, title_id)
    client.post(f"/admin/titles/{title_id}", data=theirs | {"tagline:en": "Theirs"})
    poster = io.BytesIO()
    Pictures.new("RGB", (60, 90), "red").save(poster, "PNG")
    new = {"keywords": "Mars", "credits-0-person": "Yakov Protazanov", "create_people": "1",
           "companies-0-company": "Rus",
           "poster": (io.BytesIO(poster.getvalue()), "poster.png")}
    answer = client.post(f"/admin/titles/{title_id}", data=mine | new, follow_redirects=True)
    assert "both changes are kept" in answer.text
    session.expire_all()
    title = session.get_one(Title, title_id)
    assert [keyword.slug for keyword in title.keywords] == ["mars"]
    assert [credit.person.name for credit in title.credits] == ["Yakov Protazanov"]
    assert [row.company.slug for row in title.companies] == ["rus"]
    assert [image.kind for image in title.images] == ["poster"]
    mine = form_of(client, title_id) | {"base": "", "version": "1"}
    asked = client.post(f"/admin/titles/{title_id}", data=mine | {"year": "1999", "poster": (
        io.BytesIO(poster.getvalue()), "poster.png")})
    assert asked.status_code == 409
    assert 'role="alert"' in asked.text  # says that the picture is to be chosen again


@pytest.mark.parametrize(("choice", "kept"), [("mine", 1926), ("theirs", 1925)])
def test_two_editors_on_one_field_are_asked(client: FlaskClient, session: Session, editor: User, choice: str,
                                            kept: int) -> None:
    title_id = enter(client)
    mine, theirs = form_of(client, title_id), form_of(client, title_id)
    client.post(f"/admin/titles/{title_id}", data=theirs | {"year": "1925", "tagline:en": "Theirs"})
    asked = client.post(f"/admin/titles/{title_id}", data=mine | {"year": "1926", "runtime": "99"})
    assert asked.status_code == 409
    fields = {name: re.search(rf'name="{name}" value="([^"]*)"', asked.text) for name in ("version", "merged", "mine")}
    data = {name: found[1].replace("&#34;", '"') for name, found in fields.items() if found}
    client.post(f"/admin/titles/{title_id}/merge", data=data | {"choose:year": choice})
    session.expire_all()
    title = session.get_one(Title, title_id)
    assert (title.year, title.runtime) == (kept, 99)
    assert [text.tagline for text in title.texts if text.locale == "en"] == ["Theirs"]


@pytest.mark.parametrize("merged", ["", "[]", "{", '{"year": "x"}', '{"password": 1}'])
def test_a_damaged_meeting_changes_nothing(client: FlaskClient, session: Session, editor: User, merged: str) -> None:
    title_id = enter(client)
    client.post(f"/admin/titles/{title_id}/merge", data={"merged": merged, "mine": "{}", "version": "1"})
    session.expire_all()
    assert session.scalars(select(Revision.action).where(Revision.entity == "title")).all() == ["created"]


def test_new_people_keywords_and_companies_are_entered_on_the_way(client: FlaskClient, session: Session,
                                                                  editor: User) -> None:
    rows = {"credits-0-person": "Yakov Protazanov", "credits-0-department": "directing",
            "credits-1-person": "Yuliya Solntseva", "credits-1-guest": "1", "keywords": "Mars, queen of Mars, mars",
            "companies-0-company": "Межрабпом-Русь", "releases-0-country": "su", "releases-0-date": "1924-09-25",
            "alternative_titles-0-name": "Queen of Mars", "external_ids-0-scheme": "IMDB",
            "external_ids-0-value": "tt0014646", "extras-0-url": "https://example.org/t"}
    refused = client.post("/admin/titles/new", data=FORM | rows)
    assert refused.status_code == 422
    assert "Yakov Protazanov" in refused.text
    assert session.scalars(select(Person)).all() == []
    title = session.get_one(Title, enter(client, create_people="1", **rows))
    assert [credit.person.name for credit in title.credits] == ["Yakov Protazanov", "Yuliya Solntseva"]
    assert [credit.guest for credit in title.credits] == [False, True]
    assert [keyword.slug for keyword in title.keywords] == ["mars", "queen-of-mars"]
    assert title.companies[0].company.texts[0].name == "Межрабпом-Русь"
    assert [(release.country, str(release.date)) for release in title.releases] == [("SU", "1924-09-25")]
    assert [(row.scheme, row.value) for row in title.external_ids] == [("imdb", "tt0014646")]


def test_pictures_are_described_ordered_and_deleted(client: FlaskClient, session: Session, editor: User) -> None:
    def png(colour: str) -> tuple[io.BytesIO, str]:
        data = io.BytesIO()
        Pictures.new("RGB", (320, 180), colour).save(data, "PNG")
        return io.BytesIO(data.getvalue()), f"{colour}.png"

    title_id = enter(client, backdrop=[png("red"), png("blue")])
    first, second = session.scalars(select(Image.id).where(Image.kind == "backdrop").order_by(Image.id))
    address = f"/admin/titles/{title_id}/images"
    client.post(f"{address}/{second}", data={"verb": "first", "alt": "Mars <b>", "locale": "RUS", "focal_x": "20",
                                             "focal_y": "1000"})
    session.expire_all()
    shown = session.get_one(Image, second)
    assert (shown.alt, shown.locale, shown.focal_x, shown.focal_y) == ("Mars <b>", "ru", 20, 50)
    assert [image.id for image in session.get_one(Title, title_id).images] == [second, first]
    client.post(f"{address}/{first}", data={"verb": "delete"})
    session.expire_all()
    assert session.scalars(select(Image.id)).all() == [second]
    other = enter(client, slug="other")
    assert client.post(f"/admin/titles/{other}/images/999", data={"verb": "delete"}).status_code == 302
    assert client.get(f"/admin/titles/{title_id}").text.count("Mars &lt;b&gt;") >= 1


def test_a_draft_is_previewed_by_whoever_has_the_link(client: FlaskClient, session: Session, editor: User) -> None:
    title_id = enter(client)
    link = client.post(f"/admin/titles/{title_id}/preview", data={"locale": "ru"}).headers["Location"]
    client.delete_cookie("session")
    page = client.get(link)
    assert (page.status_code, page.headers["X-Robots-Tag"]) == (200, "noindex")
    assert "Аэлита" in page.text
    assert client.get("/ru/films/aelita-1924").status_code == 404
    for forged in (link[:-2], link.replace("preview/", "preview/x"), "/en/preview/1"):
        assert client.get(forged).status_code == 404


def test_a_translator_is_shown_and_saves_only_their_texts(client: FlaskClient, session: Session,
                                                          sign_in: Callable[..., User], queue: list[object]) -> None:
    with unit_of_work() as work:
        title = services.save_title(work, SYSTEM, convert(TitleInput, {
            "kind": "film", "original_title": "Аэлита", "texts": {"en": {"name": "Aelita"}}}))
    user = sign_in()
    with unit_of_work() as work:
        work.add(role := Role(name="translator-ru", permissions=["admin.access", "catalog.edit@ru"]))
        user.roles = [role]
    page = client.get(f"/admin/titles/{title.id}").text
    assert 'name="name:ru"' in page
    assert 'name="name:en"' not in page
    assert 'name="slug"' not in page
    saved = client.post(f"/admin/titles/{title.id}", data={"version": str(title.version), "name:ru": "Аэлита",
                                                           "name:en": "Hacked"})
    assert saved.status_code == 302
    session.expire_all()
    assert {text.locale: text.name for text in title.texts} == {"en": "Aelita", "ru": "Аэлита"}
    client.post(f"/admin/titles/{title.id}/publish")
    client.post(f"/admin/titles/{title.id}/delete")
    session.expire_all()
    assert (title.status, title.deleted_at) == ("draft", None)


def test_times_are_set_in_the_back_office(client: FlaskClient, session: Session, editor: User) -> None:
    title_id = enter(client)
    client.post(f"/admin/titles/{title_id}/schedule", data={"publish_at": "2199-05-01T10:00"})
    session.expire_all()
    assert session.get_one(Title, title_id).status == "scheduled"
    for wrong in ("soon", "1999-01-01T00:00", "2199-13-01T00:00"):
        said = client.post(f"/admin/titles/{title_id}/schedule", data={"publish_at": wrong}, follow_redirects=True).text
        assert 'role="alert"' in said
    client.post(f"/admin/titles/{title_id}/schedule", data={})
    session.expire_all()
    assert session.get_one(Title, title_id).status == "draft"


def test_ten_episodes_are_entered_without_numbers(client: FlaskClient, session: Session, editor: User) -> None:
    series = enter(client, kind="series", slug="serial")
    client.post(f"/admin/titles/{series}/seasons", data={"number": "0"})
    address = f"/admin/titles/{series}/seasons/0"
    page = client.get(address).text
    assert page.count("-original_title") == 10
    client.post(address, data={f"episodes-{n}-original_title": f"Special {n}" for n in range(10)} | {
        "episodes-0-airs_before_season": "1", "name:ru": "Особые"})
    shown = client.get(address).text
    assert 'value="Special 9"' in shown
    assert 'value="Особые"' in shown
    assert Path(address).name == "0"
