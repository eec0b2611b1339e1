"""The back office's list in a browser: cells changed in place, saved views, progress; by keyboard, with axe-core."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask_security import hash_password
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select

from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.models import BulkRun, Title
from moviepoint.domains.catalog.schemas import TitleInput
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import SYSTEM

from .conftest import DESKTOP, PHONE, Site
from .test_pages import STICKS_OUT, accessibility_faults

pytestmark = pytest.mark.browser
EMAIL, PASSWORD = "lister@example.org", "an unusually long sentence 8"
LIST = "/admin/titles/?columns=poster&columns=kind&columns=year&columns=status&columns=slug&sort=title"


@pytest.fixture(scope="module")
def lister(site: Site) -> int:
    """Make an administrator of the sample site; returns the id."""
    with site.app.app_context():
        with unit_of_work() as session:
            user_id = create_user(session, EMAIL, hash_password(PASSWORD), ["administrator"]).id
        db.session.remove()
    return user_id


@pytest.fixture
def office(site: Site, lister: int, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Return a function that opens the list, signed in."""
    def enter(locale: str = "en", address: str = LIST, **options: object) -> Page:
        page = open_page(f"{site.url}/{locale}/account/login?next=/admin/", **options)
        page.locator("input[name=email]").fill(EMAIL)
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site.url}/admin/")
        page.context.add_cookies([{"name": "locale", "value": locale, "url": site.url}])
        page.goto(site.url + address)
        expect(page.locator("html")).to_have_attribute("lang", locale)
        return page

    return enter


@pytest.fixture
def aelita(site: Site) -> Iterator[int]:
    """Enter a draft that a test may change; it goes again."""
    with site.app.app_context():
        with unit_of_work() as session:
            title_id = services.save_title(session, SYSTEM, TitleInput(
                kind="film", original_title="Aelita", year=1924)).id
        db.session.remove()
    yield title_id
    with site.app.app_context():
        with unit_of_work() as session:
            session.execute(delete(Title).where(Title.id == title_id))
        db.session.remove()


def stored(site: Site, title_id: int) -> Title:
    with site.app.app_context():
        title = db.session.get_one(Title, title_id)
        db.session.remove()
    return title


def cell(page: Page, title_id: int, field: str) -> str:
    return f'tr[data-address$="/{title_id}/cell"] [data-cell={field}]'


def test_cells_are_changed_by_keyboard_alone(site: Site, office: Callable[..., Page], aelita: int) -> None:
    page = office()
    year, status = cell(page, aelita, "year"), cell(page, aelita, "status")
    page.locator(year).focus()
    page.keyboard.press("F2")
    expect(page.locator(f"{year} input")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("1925")
    page.keyboard.press("Enter")
    expect(page.locator(year)).to_be_focused()  # the place is not lost
    expect(page.locator(year)).to_have_text("1925")
    page.keyboard.press("ArrowRight")
    expect(page.locator(status)).to_be_focused()
    page.keyboard.press("Enter")
    page.locator(f"{status} select").select_option("in_review")
    page.keyboard.press("Enter")
    expect(page.locator(f"{status} .state--in_review")).to_have_text("In review")
    title = stored(site, aelita)
    assert (title.year, title.status) == (1925, "in_review")


def test_escape_leaves_a_cell_as_it_was(site: Site, office: Callable[..., Page], aelita: int) -> None:
    page = office()
    slug = cell(page, aelita, "slug")
    page.locator(slug).dblclick()
    page.keyboard.type("something-else")
    page.keyboard.press("Escape")
    expect(page.locator(slug)).to_be_focused()
    expect(page.locator(slug)).to_have_text("aelita-1924")
    assert stored(site, aelita).slug == "aelita-1924"


def test_what_is_refused_is_said_at_the_cell_and_can_be_mended(site: Site, office: Callable[..., Page],
                                                               aelita: int) -> None:
    page = office(expect_errors=True)  # Chromium writes refused requests into the console
    slug = cell(page, aelita, "slug")
    page.locator(slug).dblclick()
    page.locator(f"{slug} input").fill("Not A Slug")
    page.keyboard.press("Enter")
    expect(page.locator(f"{slug} [role=alert]")).to_be_visible()
    expect(page.locator(f"{slug} input")).to_be_focused()
    assert accessibility_faults(page) == []
    page.locator(f"{slug} input").fill("a-slug")
    page.keyboard.press("Enter")
    expect(page.locator(slug)).to_have_text("a-slug")
    expect(page.locator(f"{slug} [role=alert]")).to_have_count(0)
    assert stored(site, aelita).slug == "a-slug"


def test_a_colleagues_change_is_not_overwritten_from_the_list(site: Site, office: Callable[..., Page],
                                                              aelita: int) -> None:
    page = office(expect_errors=True)
    with site.app.app_context():
        with unit_of_work() as session:
            services.save_title(session, SYSTEM, TitleInput(year=1911), aelita)
        db.session.remove()
    name = cell(page, aelita, "name")
    page.locator(name).focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Queen of Mars")
    page.keyboard.press("Enter")
    expect(page.locator(f"{name} [role=alert]")).to_contain_text("Somebody else")
    assert stored(site, aelita).year == 1911


def test_a_view_is_kept_and_found_again(site: Site, office: Callable[..., Page]) -> None:
    page = office(address="/admin/titles/?kind=series")
    page.get_by_text("Save this view").click()
    page.locator("#v-new").fill("Only series")
    page.keyboard.press("Enter")
    chip = page.locator(".chip", has_text="Only series")
    expect(chip).to_have_attribute("aria-current", "page")
    page.goto(f"{site.url}/admin/titles/")
    chip.click()
    page.wait_for_url("**/admin/titles/?kind=series")
    page.locator("summary", has_text="Change “Only series”").click()
    page.locator(".views button", has_text="Delete").click()
    page.locator("dialog.ask button[value=yes]").click()
    expect(page.locator(".chip", has_text="Only series")).to_have_count(0)


def test_progress_is_shown_until_the_work_ends(site: Site, office: Callable[..., Page], lister: int,
                                               aelita: int) -> None:
    with site.app.app_context():
        with unit_of_work() as session:
            session.add(run := BulkRun(actor_id=lister, verb="archive", title_ids=[aelita], total=1, refusals=[]))
        run_id = run.id
        db.session.remove()
    page = office()
    expect(page.locator("[data-poll] progress")).to_have_attribute("value", "0")
    with site.app.app_context():
        with unit_of_work() as session:
            assert not services.work_on(session, run_id)
        db.session.remove()
    expect(page.locator("[data-poll] [data-state=done]")).to_contain_text("1 of 1 looked at, 1 changed", timeout=10_000)
    assert stored(site, aelita).status == "archived"
    with site.app.app_context():
        with unit_of_work() as session:
            session.execute(delete(BulkRun))
        db.session.remove()


@pytest.mark.parametrize(("scheme", "locale", "size"), [
    ("light", "ru", PHONE), ("dark", "en", DESKTOP)], ids=["phone-light-ru", "desktop-dark-en"])
def test_axe_finds_nothing_with_all_of_it_open(site: Site, office: Callable[..., Page], aelita: int, lister: int,
                                               scheme: str, locale: str, size: tuple[int, int]) -> None:
    with site.app.app_context():
        with unit_of_work() as session:
            session.add(BulkRun(actor_id=lister, verb="genre", argument="drama", title_ids=[aelita], total=3, done=1,
                                state="failed", message="Stopped", refused=1, refusals=[[aelita, "Why"]]))
        run_id = db.session.scalars(select(BulkRun.id)).first()
        db.session.remove()
    page = office(locale, scheme=scheme, size=size)
    for summary in page.locator("main summary").all():
        summary.click()
    year = cell(page, aelita, "year")
    page.locator(year).dblclick()
    for address in ("", f"/admin/titles/runs/{run_id}"):
        if address:
            page.goto(site.url + address)
        assert accessibility_faults(page) == []
        assert page.evaluate(STICKS_OUT) <= 0
    with site.app.app_context():
        with unit_of_work() as session:
            session.execute(delete(BulkRun))
        db.session.remove()


def test_without_script_the_list_is_a_list(office: Callable[..., Page]) -> None:
    page = office(javascript=False)
    expect(page.locator("[data-grid-help]")).to_be_hidden()
    expect(page.locator("[data-grid]")).not_to_have_attribute("role", "grid")
