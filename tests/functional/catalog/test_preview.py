"""A preview by a signed link, in every language and theme, with a bar to choose them."""
from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.schemas import TitleInput
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert

BAR = 'class="preview-bar"'


@pytest.fixture
def link(client: FlaskClient, session: Session, sign_in: Callable[..., User], queue: list[object]) -> str:
    """Return the link of a draft's preview, for somebody who is not signed in."""
    with unit_of_work() as work:
        title = services.save_title(work, SYSTEM, convert(TitleInput, {
            "kind": "film", "original_title": "Аэлита", "texts": {"en": {"name": "Aelita"}}}))
    sign_in("editor")
    client.set_cookie("locale", "en")
    address: str = client.post(f"/admin/titles/{title.id}/preview", data={"locale": "en"}).headers["Location"]
    client.delete_cookie("session")
    return address


def chosen(page: str) -> list[str]:
    """Return what the bar says is shown."""
    bar = page[page.index(BAR):]
    return re.findall(r'aria-current="true">([^<]+)<', bar)


def test_the_bar_leads_through_all_languages_and_themes(client: FlaskClient, link: str) -> None:
    page = client.get(link).text
    assert chosen(page) == ["English", "Default"] or len(chosen(page)) == 2
    addresses = [address.replace("&amp;", "&") for address in re.findall(r'<a href="([^"]+)"', page[page.index(BAR):])]
    assert len(addresses) >= 4
    for address in addresses:
        shown = client.get(address)
        assert (shown.status_code, shown.headers["X-Robots-Tag"]) == (200, "noindex")
        assert "Aelita" in shown.text or "Аэлита" in shown.text
        assert len(chosen(shown.text)) == 2


def test_a_theme_is_shown_with_its_own_files_and_only_there(client: FlaskClient, link: str) -> None:
    festival = client.get(f"{link}?theme=festival").text
    assert "/assets/festival:css/tokens.css" in festival
    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', festival)
    assert len(styles) > 4
    for address in styles:
        assert client.get(address.replace("&amp;", "&")).status_code == 200, address
    tokens = next(address for address in styles if "festival:css/tokens.css" in address)
    assert client.get(tokens.replace("&amp;", "&")).data != client.get("/assets/css/tokens.css").data
    assert "festival" not in client.get("/en/").text  # the site itself stays as it was
    assert "festival:" not in client.get(link).text


def test_both_languages_keep_the_theme(client: FlaskClient, link: str) -> None:
    page = client.get(f"{link}?theme=festival").text
    russian = re.search(r'<a href="(/ru/preview/[^"]+)"', page[page.index(BAR):])
    assert russian
    shown = client.get(russian[1].replace("&amp;", "&")).text
    assert '<html lang="ru"' in shown
    assert "festival:css/tokens.css" in shown


@pytest.mark.parametrize("theme", ["", "nothing", "../festival", "default/../festival", "core", "\x00", "a" * 500])
def test_a_theme_that_is_none_changes_nothing(client: FlaskClient, link: str, theme: str) -> None:
    usual = re.sub(r'nonce="[^"]+"', "", client.get(link).text)
    page = client.get(link, query_string={"theme": theme})
    assert page.status_code == 200
    assert re.findall(r"/assets/[^\"]+", page.text) == re.findall(r"/assets/[^\"]+", usual)


def test_no_other_page_has_the_bar_or_listens_to_the_theme(client: FlaskClient, app: MoviePoint, link: str) -> None:
    client.get(link)
    for address in ("/en/", "/en/films", "/en/?theme=festival", "/en/search?q=a&theme=festival"):
        page = client.get(address).text
        assert BAR not in page
        assert "festival:" not in page
    assert client.get(link.replace("preview/", "preview/x") + "?theme=festival").status_code == 404
    assert app.theming.public_name("css/tokens.css") == "css/tokens.css"
