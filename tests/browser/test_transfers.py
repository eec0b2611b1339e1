"""An editor brings a table in, by the page alone."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.transfer import tasks
from moviepoint.domains.transfer.models import Transfer
from moviepoint.kernel.db import db

from .conftest import Site

pytestmark = pytest.mark.browser
TABLE = ("kind,slug,original_title,year,genres,name@ru,overview@ru\n"
         "film,metropolis-1927,Metropolis,1926,drama,Метрополис,В городе будущего рабочие восстают.\n"
         "film,stachka-1925,Стачка,1925,,Стачка,Частнопредпринимательская несправедливость.\n"
         "film,odd-one,Odd,soon,,,\nfilm,odd-two,Odd,1930,no-such-genre,,\n")


def work(site: Site) -> None:
    """Do what a worker would do."""
    with site.app.app_context():
        tasks.work(db.session.scalar(select(func.max(Transfer.id))))
        db.session.remove()


def bring_in(site: Site, page: Page, path: Path) -> None:
    path.write_text(TABLE, encoding="utf-8")
    page.goto(f"{site.url}/admin/transfers/")
    page.locator("input[type=file]").set_input_files(path)
    page.locator("form[action$=import] button.button--main").click()
    expect(page.locator("progress")).to_be_visible()
    work(site)


def test_a_table_is_rehearsed_looked_at_and_applied(site: Site, office: Callable[..., Page],
                                                    tmp_path: Path) -> None:
    page = office()
    bring_in(site, page, tmp_path / "films.csv")
    expect(page.get_by_role("button", name="Apply what is ticked")).to_be_visible(timeout=10_000)  # it reloads itself
    expect(page.locator("ins", has_text="1926")).to_be_visible()
    expect(page.get_by_text("There is nothing called no-such-genre.").first).to_be_visible()
    page.get_by_label("Metropolis").uncheck()
    page.get_by_role("button", name="Apply what is ticked").click()
    work(site)
    expect(page.get_by_text("Applied: 1, refused: 0.")).to_be_visible(timeout=10_000)
    with site.app.app_context():
        years = {row.slug: row.year for row in db.session.execute(select(Title.slug, Title.year).where(
            Title.slug.in_(["metropolis-1927", "stachka-1925"])))}
        db.session.remove()
    assert years == {"metropolis-1927": 1927, "stachka-1925": 1925}
