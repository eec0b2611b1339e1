"""Taking part in a real browser: stars, pages of members, a film of one's own, and going on where one stopped."""
from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from flask_security import hash_password
from playwright.sync_api import Page, expect
from sqlalchemy import select

from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.community.models import Contribution, Rating, WatchPosition
from moviepoint.domains.community.services.leaving import leave
from moviepoint.domains.media.models import Upload
from moviepoint.kernel.db import db, unit_of_work

from . import films
from .conftest import PASSWORD, Site

pytestmark = pytest.mark.browser

FILM = "/films/haxan-1922"
NUMBERS = count(1)
Enter = Callable[..., Page]


@pytest.fixture
def member(site: Site) -> Iterator[str]:
    """Make a member, who leaves after the test; returns the address."""
    email = f"viewer-{next(NUMBERS)}@example.org"
    with site.app.app_context():
        with unit_of_work() as session:
            create_user(session, email, hash_password(PASSWORD), ["member"], "Asta Nielsen")
        db.session.remove()
    yield email
    with site.app.app_context():
        with unit_of_work() as session:
            leave(session, session.scalars(select(User).where(User.email == email)).one(),
                  site.app.extensions["moviepoint.storage"])
        db.session.remove()


@pytest.fixture
def enter(open_page: Callable[..., Page], member: str) -> Enter:
    """Return a function that opens a page, signed in as the member."""
    def go(site: Site, path: str, locale: str = "en", **options: object) -> Page:
        page = open_page(f"{site.url}/{locale}/account/login", **options)
        page.locator("input[name=email]").fill(member)
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/(en|ru)/$"))
        page.goto(f"{site.url}/{locale}{path}")
        return page

    return go


def own_rating(site: Site, email: str) -> int | None:
    with site.app.app_context():
        value = db.session().scalar(select(Rating.value).join(User, User.id == Rating.user_id).where(
            User.email == email))
        db.session.remove()
    return value


def test_a_click_on_a_star_rates_at_once(site: Site, member: str, enter: Enter) -> None:
    page = enter(site, FILM)
    page.evaluate("window.stayed = true")
    page.locator("#ratings input[value='7']").click()
    expect(page.locator("#ratings .numeral")).to_contain_text("7.0")
    assert own_rating(site, member) == 7
    page.locator("#ratings input[value='7']").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(200)
    assert own_rating(site, member) == 7  # on the way, nothing is sent
    page.keyboard.press("Enter")
    expect(page.locator("#ratings .numeral")).to_contain_text("8.0")
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator("#ratings")).to_contain_text("Nobody has rated this yet.")
    assert own_rating(site, member) is None
    page.get_by_role("button", name="Watch later").click()
    expect(page.get_by_role("button", name="On your watchlist")).to_be_visible()
    assert page.evaluate("window.stayed")  # all on the same page


def test_small_forms_that_are_refused_say_why_and_leave_the_page(site: Site, member: str, enter: Enter) -> None:
    page = enter(site, FILM, expect_errors=True)
    page.evaluate("document.querySelector('#ratings input[value=\"7\"]').value = '11'")
    page.locator("#ratings input[value='11']").click()
    expect(page.locator(".toast")).to_contain_text(re.compile(r"\b1 to 10\b"))
    expect(page.locator("#ratings input:checked")).to_have_count(0)  # it was not taken
    page.context.clear_cookies()
    page.get_by_role("button", name="Watch later").click()
    expect(page.locator(".toast")).to_contain_text("Reload it")
    expect(page.locator("#ratings")).to_contain_text("Nobody has rated this yet.")
    assert own_rating(site, member) is None


def test_a_small_form_whose_answer_leads_elsewhere_goes_there(site: Site, member: str, enter: Enter) -> None:
    page = enter(site, FILM)
    with site.app.app_context():
        with unit_of_work() as session:
            session.scalars(select(User).where(User.email == member)).one().active = False
        db.session.remove()
    page.get_by_role("button", name="Watch later").click()
    page.wait_for_url(re.compile(r"/account/login"))
    with site.app.app_context():
        with unit_of_work() as session:
            session.scalars(select(User).where(User.email == member)).one().active = True
        db.session.remove()


def test_a_small_form_without_a_connection_is_left_to_the_browser(site: Site, enter: Enter) -> None:
    page = enter(site, FILM, expect_errors=True)
    page.route("**/account/lists/watchlist/*", lambda route: route.abort())
    with page.expect_event("requestfailed", lambda request: request.is_navigation_request()):
        page.get_by_role("button", name="Watch later").click()


def test_rating_and_writing_work_without_javascript(site: Site, member: str, enter: Enter) -> None:
    page = enter(site, FILM, "ru", javascript=False)
    page.locator("#ratings input[value='9']").check(force=True)
    page.get_by_role("button", name="Оценить").click()
    expect(page.locator("#ratings .numeral")).to_contain_text("9,0")
    page.get_by_role("link", name="Написать рецензию").click()
    page.get_by_label("Что вы думаете?").fill("Ведьмы **летят**.")
    page.get_by_role("button", name="Опубликовать").click()
    expect(page.locator(".review__text strong")).to_have_text("летят")


def test_a_film_of_ones_own_is_uploaded_and_sent(site: Site, member: str, enter: Enter, tmp_path: Path) -> None:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed (apt-get install ffmpeg)")
    clip = tmp_path / "street.mp4"
    subprocess.run([ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=12:duration=2",
                    "-preset", "ultrafast", str(clip)], check=True, timeout=60)
    page = enter(site, "/account/films/new")
    page.get_by_label("What is it called?").fill("My Street")
    page.get_by_label("I have made it").check()
    page.get_by_role("button", name="Go on to the upload").click()
    page.wait_for_url(re.compile(r"/account/films/\d+$"))  # loaded: the script listens
    page.locator("input[type=file]").set_input_files(clip)
    page.get_by_role("button", name="Begin all").click()
    expect(page.locator("[data-state=encoding], [data-state=done]")).to_be_visible()
    page.reload()
    expect(page.get_by_text("The film has arrived. You can send it now.")).to_be_visible()
    page.get_by_role("button", name="Send it to the editors").click()
    expect(page.get_by_text("Sent. An editor will look at it.")).to_be_visible()
    with site.app.app_context():
        row = db.session().scalars(select(Contribution).order_by(Contribution.id.desc())).first()
        upload = db.session().scalars(select(Upload).order_by(Upload.id.desc())).first()
        assert row is not None
        assert upload is not None
        assert (row.state, upload.state, upload.size) == ("waiting", "used", clip.stat().st_size)
        db.session.remove()


def test_another_device_goes_on_where_one_stopped(site: Site, member: str, enter: Enter) -> None:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed (apt-get install ffmpeg)")
    with site.app.app_context():
        films.make_package(ffmpeg, Path(site.app.extensions["moviepoint.storage"].path("packages/device")))
        with unit_of_work() as session:
            edition = films.add_edition(session, slug="sherlock-jr-1924", package="packages/device").public_id
        db.session.remove()
    ready = "[data-player][data-state=ready]"
    page = enter(site, f"/watch/{edition}?t=12")
    page.locator(ready).wait_for(timeout=20_000)
    with page.expect_response(lambda answer: f"/progress/{edition}" in answer.url and answer.status == 204):
        page.evaluate("""async () => { const video = document.querySelector("video");
            await video.play(); setTimeout(() => video.pause(), 700); }""")
    with site.app.app_context():
        kept = db.session().scalars(select(WatchPosition).order_by(WatchPosition.id.desc())).first()
        assert kept is not None
        assert 12 <= kept.position <= 15
        db.session.remove()
    other = enter(site, f"/watch/{edition}")
    other.locator(ready).wait_for(timeout=20_000)
    assert other.evaluate("document.querySelector('video').currentTime") == pytest.approx(kept.position, abs=2)
    other.goto(f"{site.url}/en/")
    expect(other.get_by_role("heading", name="Continue watching")).to_be_visible()
