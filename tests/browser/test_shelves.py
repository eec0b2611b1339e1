"""Pages of a collection and a company: a title leads to them, and viewers choose the order."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.models import Company, Title
from moviepoint.domains.catalog.schemas import CollectionInput, CompanyInput, TitleInput
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert

from .conftest import Site

pytestmark = pytest.mark.browser

@pytest.fixture(scope="module", autouse=True)
def shelves(site: Site) -> None:
    """Make a collection whose name is long, and a company with two parts in a film."""
    with site.app.app_context():
        with unit_of_work() as session:
            services.save_collection(session, SYSTEM, convert(CollectionInput, {
                "slug": "cities", "titles": ["haxan-1922", "metropolis-1927", "les-vampires-1915"],
                "texts": {"en": {"name": "Unconditionally electrified Weltstadtgeschichten",
                                 "overview": "Cities. " * 40},
                          "ru": {"name": "Высокоэлектрифицированные города"}}}))
            services.save_term(session, SYSTEM, Company, convert(CompanyInput, {
                "slug": "studio", "country": "SE", "names": {"en": "Svensk Filmindustri"}}))
            title = session.scalars(select(Title).where(Title.slug == "haxan-1922")).one()
            services.save_title(session, SYSTEM, convert(TitleInput, {"companies": [
                {"company": "studio", "role": role} for role in ("production", "distribution")]}), title.id)
        db.session.remove()


def test_a_title_leads_to_its_collection_without_script(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/ru/films/haxan-1922", javascript=False)
    page.get_by_role("link", name="Высокоэлектрифицированные города").click()
    expect(page.locator(".card__name")).to_have_text(["Вампиры", "Häxan", "Метрополис"])
    page.get_by_role("link", name="В порядке редакции").click()
    expect(page.locator(".card__name")).to_have_text(["Häxan", "Метрополис", "Вампиры"])
