"""The back office in a browser: whole by keyboard, and without script; `test_every_page.py` looks at its pages."""
from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, TimeoutError, expect
from sqlalchemy import select

from moviepoint.domains.catalog.models import Person, Title
from moviepoint.kernel.db import db

from .conftest import Site
from .test_pages import accessibility_faults

pytestmark = pytest.mark.browser
FOCUSED = "selector => document.activeElement?.matches(selector) ?? false"


def tab_to(page: Page, selector: str, presses: int = 250) -> None:
    """Press Tab until the element has the focus: there is no other way for who has no mouse."""
    for _press in range(presses):
        if page.evaluate(FOCUSED, selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {selector}")


def write(page: Page, selector: str, text: str) -> None:
    tab_to(page, selector)
    page.keyboard.type(text)


def choose_file(page: Page, selector: str, path: Path, tries: int = 5) -> None:
    """Open the field's dialogue by a key; a busy browser now and then swallows one, as it does for people."""
    tab_to(page, selector)
    for attempt in range(tries):
        try:
            with page.expect_file_chooser(timeout=5_000) as chooser:
                page.keyboard.press("Space")
        except TimeoutError:
            if attempt == tries - 1:
                raise
        else:
            chooser.value.set_files(path)
            return


def test_a_film_is_entered_without_a_mouse(site: Site, office: Callable[..., Page], tmp_path: Path) -> None:
    poster, film = tmp_path / "poster.png", tmp_path / "film.mkv"
    Image.new("RGB", (600, 900), "#336699").save(poster)
    film.write_bytes(b"\x1aE\xdf\xa3" + bytes(200_000))  # whether it is a film is found out later, by a task
    page = office()
    page.goto(f"{site.url}/admin/titles/new")
    write(page, "[name='name:en']", "The Smiling Madame Beudet")
    write(page, "[name='overview:en']", "A wife's dreams of escape.")
    write(page, "[name='name:ru']", "Улыбающаяся мадам Бёде")
    for number, name in enumerate(("Germaine Dulac", "Denys Amiel", "Germaine Dermoz", "Alexandre Arquillière",
                                   "Madeleine Guitty")):
        if number >= 2:  # two rows are there from the start
            tab_to(page, "[data-add-row='credits-rows']")
            page.keyboard.press("Enter")
        write(page, f"[name='credits-{number}-person']", name)
        tab_to(page, f"[name='credits-{number}-department']")
        page.keyboard.type("Directing" if number == 0 else "Acting")
    tab_to(page, "[name='create_people']")
    page.keyboard.press("Space")
    write(page, "[name='original_title']", "La Souriante Madame Beudet")
    write(page, "[name='year']", "1923")
    choose_file(page, "[name='poster']", poster)
    page.keyboard.press("Control+s")
    page.wait_for_url(re.compile(r"/admin/titles/\d+$"))
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    choose_file(page, "input[type=file]:not([name=poster], [name=backdrop])", film)
    tab_to(page, "[data-start] button")
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_contain_text("ncoding")
    with site.app.app_context():
        title = db.session.scalars(select(Title).where(Title.slug == "la-souriante-madame-beudet-1923")).one()
        assert {text.locale: text.name for text in title.texts} == {
            "en": "The Smiling Madame Beudet", "ru": "Улыбающаяся мадам Бёде"}
        assert [credit.department for credit in title.credits] == ["directing", *["acting"] * 4]
        assert [image.kind for image in title.images] == ["poster"]
        assert db.session.scalar(select(Person).where(Person.name == "Germaine Dulac")) is not None
        db.session.remove()


def test_the_palette_is_walked_by_arrows(site: Site, office: Callable[..., Page]) -> None:
    page = office()
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search everything")
    expect(box).to_be_focused()
    page.keyboard.type("metropolis")
    option = page.get_by_role("option", name="Metropolis 1927")
    expect(option).to_have_attribute("aria-selected", "true")
    assert accessibility_faults(page) == []
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("genr")
    expect(page.get_by_role("option", name="Genres")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/genres/")


def test_rows_are_moved_by_keyboard_and_by_pointer(site: Site, office: Callable[..., Page]) -> None:
    page = office()
    page.goto(f"{site.url}/admin/titles/new")
    first = page.locator("[name='credits-0-person']")
    first.fill("One")
    page.locator("[name='credits-1-person']").fill("Two")
    first.press("Alt+ArrowDown")
    expect(page.locator("[name='credits-0-person']")).to_have_value("Two")
    expect(page.locator("#said")).to_have_text("Moved to place 2")
    expect(page.locator("[name='credits-1-person']")).to_be_focused()
    page.locator("[data-add-row='credits-rows']").click()
    page.locator("[name='credits-2-person']").fill("Three")
    handle = page.locator("#credits-rows tr").nth(2).locator(".handle").bounding_box()
    target = page.locator("#credits-rows tr").nth(0).bounding_box()
    assert handle is not None
    assert target is not None
    page.mouse.move(handle["x"] + 5, handle["y"] + 5)
    page.mouse.down()
    page.mouse.move(handle["x"] + 5, target["y"] - 5, steps=8)
    page.mouse.up()
    for number, name in enumerate(("Three", "Two", "One")):
        expect(page.locator(f"[name='credits-{number}-person']")).to_have_value(name)


def test_leaving_with_unsaved_changes_is_asked_about(site: Site, office: Callable[..., Page]) -> None:
    page = office()
    page.goto(f"{site.url}/admin/people/new")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(f"{site.url}/admin/people/")
    assert asked == []
    page.goto(f"{site.url}/admin/people/new")
    page.locator("[name=name]").click()
    page.keyboard.type("Somebody")
    page.goto(f"{site.url}/admin/people/")
    assert asked == ["beforeunload"]


def test_deleting_asks_first(site: Site, office: Callable[..., Page]) -> None:
    page = office()
    page.goto(f"{site.url}/admin/people/new")
    page.locator("[name=name]").fill("Nobody In Particular")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/admin/people/\d+$"))
    address = page.url
    page.get_by_role("button", name="Delete").click()
    no = page.get_by_role("button", name="No", exact=True)
    expect(no).to_be_focused()
    page.keyboard.press("Enter")
    page.goto(address)
    expect(page.locator("[name=name]")).to_have_value("Nobody In Particular")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Yes", exact=True).click()
    page.wait_for_url("**/admin/people/")


def test_light_or_dark_is_remembered(site: Site, office: Callable[..., Page]) -> None:
    page = office(scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Light or dark").click()
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark


def test_it_works_without_script(site: Site, office: Callable[..., Page]) -> None:
    page = office(javascript=False)
    page.goto(f"{site.url}/admin/people/new")
    page.locator("[name=name]").fill("Without Script")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[name=name]")).to_have_value("Without Script")
    page.locator("#find").fill("Without")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Without Script")).to_be_visible()
