"""The bar of a preview in a browser, walked by keyboard."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.preview import preview_token
from moviepoint.kernel.db import db

from .conftest import Site

pytestmark = pytest.mark.browser


@pytest.fixture
def link(site: Site) -> str:
    """Return the path of a draft's preview, without its language."""
    with site.app.app_context():
        title_id = db.session.scalars(select(Title.id).where(
            Title.status == "draft", Title.deleted_at.is_(None)).order_by(Title.id)).first()
        assert title_id is not None
        token = preview_token(title_id)
        db.session.remove()
    return f"preview/{token}"


def test_language_and_theme_are_chosen_by_keyboard(site: Site, link: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/{link}")
    page.locator(".preview-bar a", has_text="Festival").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**theme=festival")
    page.locator(".preview-bar a[lang=ru]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.locator(".preview-bar a[aria-current]").nth(1)).to_have_text("Festival")
