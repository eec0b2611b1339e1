"""The manifest and the service worker as they are served: by language, by theme, by version, and switched off."""
from __future__ import annotations

import io
import json
import re

import msgspec
import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.discovery.offline import version_of


@pytest.mark.parametrize(("locale", "shortcuts"), [("en", ["Films", "Series", "Search"]),
                                                   ("ru", ["Фильмы", "Сериалы", "Поиск"])])
def test_the_manifest_speaks_the_readers_language(client: FlaskClient, session: Session, locale: str,
                                                  shortcuts: list[str]) -> None:
    page = client.get(f"/{locale}/").text
    address = re.search(r'<link rel="manifest" href="([^"]+)">', page)
    assert address is not None
    answer = client.get(address[1])
    assert answer.mimetype == "application/manifest+json"
    manifest = json.loads(answer.data)
    assert (manifest["lang"], manifest["dir"], manifest["start_url"], manifest["scope"], manifest["display"]) == (
        locale, "ltr", f"/{locale}/", "/", "standalone")
    assert [entry["name"] for entry in manifest["shortcuts"]] == shortcuts
    for entry in manifest["shortcuts"]:
        assert client.get(entry["url"]).status_code == 200
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        picture = Image.open(io.BytesIO(client.get(icon["src"]).data))
        assert f"{picture.width}x{picture.height}" == icon["sizes"]
        assert picture.format == "PNG"
        corner = picture.convert("RGBA").getpixel((0, 0))
        assert isinstance(corner, tuple)
        assert (corner[3] == 255) is (icon["purpose"] == "maskable")


@pytest.mark.parametrize(("theme", "colour"), [("default", "#0c0d0f"), ("festival", "#1b0f3b")])
def test_the_manifest_has_the_colours_of_the_theme(app: MoviePoint, client: FlaskClient, session: Session, theme: str,
                                                   colour: str) -> None:
    with app.theming.showing(theme):
        manifest = json.loads(client.get("/en/app.webmanifest").data)
        page = client.get("/en/").text
    assert manifest["theme_color"] == manifest["background_color"] == colour
    assert f'content="{colour}"' in page


def lists(script: str) -> tuple[dict[str, str], list[str], str]:
    """Return a worker's pages, its files and its version."""
    pages = json.loads(re.search(r"const PAGES = (.*);", script)[1])  # type: ignore[index]
    files = json.loads(re.search(r"const FILES = (.*);", script)[1])  # type: ignore[index]
    return pages, files, re.search(r'const CACHE = "([^"]+)"', script)[1]  # type: ignore[index]


def test_the_worker_keeps_the_offline_pages_and_what_they_need(client: FlaskClient, session: Session) -> None:
    answer = client.get("/sw.js")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/javascript", "no-cache")
    pages, files, version = lists(answer.text)
    assert pages == {"en": "/en/offline", "ru": "/ru/offline"}
    assert any("css/base.css" in file for file in files)
    assert not [file for file in files if not file.startswith("/assets/")]
    for file in files:
        assert client.get(file).status_code == 200
    for locale, address in pages.items():
        page = client.get(address)
        assert f'<html lang="{locale}"' in page.text
        assert "csrf" not in page.text
        assert "Set-Cookie" not in page.headers
    assert lists(client.get("/sw.js").text)[2] == version  # a nonce makes no new version
    again = client.get("/sw.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_another_look_is_another_version(app: MoviePoint, client: FlaskClient, session: Session) -> None:
    before = lists(client.get("/sw.js").text)[2]
    with app.theming.showing("festival"):
        assert lists(client.get("/sw.js").text)[2] != before
    assert version_of({"en": '<script nonce="a">'}) == version_of({"en": '<script nonce="b">'})
    assert version_of({"en": "a"}) != version_of({"en": "b"})


def test_switched_off_it_clears_up_and_pages_do_not_ask_for_it(app: MoviePoint, client: FlaskClient, session: Session,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    assert 'name="moviepoint-worker" content="/sw.js"' in client.get("/en/").text
    monkeypatch.setitem(app.extensions, "moviepoint.settings", msgspec.structs.replace(
        app.extensions["moviepoint.settings"], offline_page=False))
    assert "moviepoint-worker" not in client.get("/en/").text
    script = client.get("/sw.js").text
    assert "unregister" in script
    assert "PAGES" not in script
