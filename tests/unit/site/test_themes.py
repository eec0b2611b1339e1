"""Themes: every token is there, every template compiles, contexts say what templates use."""
from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from jinja2 import Environment, meta, nodes

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts import contexts as accounts
from moviepoint.domains.catalog import contexts as catalog
from moviepoint.domains.community import contexts as community
from moviepoint.domains.discovery import contexts as discovery
from moviepoint.domains.media import contexts as media
from moviepoint.domains.pages import contexts as pages
from moviepoint.domains.search import contexts as search
from moviepoint.domains.search.spoken import contexts as spoken

THEMES = Path(__file__).resolve().parents[3] / "themes"
PAGES = {"home": pages.HomePage, "page": pages.TextPage, "title": catalog.TitlePage, "season": catalog.SeasonPage,
         "episode": catalog.EpisodePage, "person": catalog.PersonPage, "list": catalog.ListPage,
         "shelf": catalog.ShelfPage, "shelves": catalog.ShelvesPage,
         "watch": media.WatchPage, "embed": media.EmbedPage, "search": search.SearchPage, "lines": spoken.LinesPage,
         "account_security": accounts.SecurityPage, "offline": discovery.OfflinePage,
         "member": community.MemberPage, "member_list": community.MemberListPage, "my_lists": community.MyListsPage,
         "list_form": community.ListFormPage, "keep": community.KeepPage, "diary_form": community.DiaryFormPage,
         "profile_form": community.ProfileFormPage, "news": community.NewsPage, "reviews": community.ReviewsPage,
         "review": community.ReviewPage, "review_form": community.ReviewFormPage, "report": community.ReportPage,
         "my_data": community.DataPage, "import": community.ImportPage, "contributions": community.ContributionsPage,
         "contribution": community.ContributionPage,
         "../security/openid_onward": accounts.OpenIdOnwardPage,
         "../security/openid_problem": accounts.OpenIdProblemPage,
         "../security/invitation": accounts.InvitationPage, "../security/tokens": accounts.TokensPage}
#: `seo` is used by the base page, not by each page.
FROM_BASE = {"seo"}


def tokens(theme: str) -> set[str]:
    """Return the names of a theme's design tokens."""
    return set(re.findall(r"^\s*(--[\w-]+):", (THEMES / theme / "static/css/tokens.css").read_text(), re.M))


def test_the_festival_names_every_token() -> None:
    assert tokens("festival") == tokens("default")


@pytest.mark.parametrize("theme", ["default", "festival"])
def test_the_browsers_frame_has_the_colours_of_the_page(theme: str) -> None:
    options = tomllib.loads((THEMES / theme / "theme.toml").read_text())["options"]
    sheet = (THEMES / theme / "static/css/tokens.css").read_text()
    assert f"--ground: light-dark({options['ground_light']}, {options['ground_dark']});" in sheet


@pytest.mark.parametrize("theme", ["default", "festival"])
def test_every_token_in_use_exists(theme: str) -> None:
    sheets = [*THEMES.glob("*/static/css/*.css")]
    used = {name for sheet in sheets for name in re.findall(r"var\((--[\w-]+)", sheet.read_text())}
    assert used - tokens(theme) == set()


@pytest.mark.parametrize("page", sorted(PAGES))
def test_pages_use_their_context_and_nothing_else(app: MoviePoint, page: str) -> None:
    environment = app.jinja_env
    source = (THEMES / f"default/templates/site/{page}.html").read_text(encoding="utf-8")
    free = meta.find_undeclared_variables(environment.parse(source))
    promised = {field.name for field in fields(PAGES[page])}
    given = set(environment.globals) | {"parts", "community", "request", "current_user", "loop", "super", "self"}
    assert free - promised - given == set(), "the template uses what nobody promises"
    with app.app_context():
        used = free | included(environment, source)
    assert promised - used - FROM_BASE == set(), "the context promises what no template uses"


def included(environment: Environment, source: str) -> set[str]:
    """Return the variables that templates use which this one takes in whole."""
    names = [node.template.value for node in environment.parse(source).find_all(nodes.Include)
             if isinstance(node.template, nodes.Const)]
    return {variable for name in names for variable in meta.find_undeclared_variables(environment.parse(
        environment.loader.get_source(environment, name)[0]))}  # type: ignore[union-attr]


def test_no_inline_style_or_handler_in_templates() -> None:
    for template in THEMES.rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|\son[a-z]+=\"|javascript:", text), template
        for tag in re.findall(r"<script[^>]*>", text):
            assert "src=" in tag or "nonce=" in tag, f"{template}: {tag}"


def test_a_list_stays_a_list_for_who_hears_the_page() -> None:
    """An alert holds a list of faults: a list that were the alert itself would leave its items without one."""
    for template in [*THEMES.rglob("*.html"), *(THEMES.parent / "moviepoint").rglob("*.html")]:
        assert not re.search(r"<[uo]l[^>]*\srole=\"alert\"", template.read_text(encoding="utf-8")), template


@pytest.mark.parametrize("template", sorted(
    str(path.relative_to(path.parents[1])) for path in THEMES.glob("*/templates/*/*.html")))
def test_templates_compile(app: MoviePoint, template: str) -> None:
    with app.test_request_context("/en/"):
        assert app.jinja_env.get_template(template).name == template
