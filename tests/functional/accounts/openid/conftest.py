"""A site with two providers of OpenID Connect, real ones over HTTP: `example`, and `trusted` with its addresses."""
from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.identity_model import Identity
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.openid_providers import EXTENSION
from moviepoint.settings import OpenIdProvider, Settings
from moviepoint.testing import running_app
from tests.openid_provider import CLIENT, SECRET, Provider, running_provider

BASE = "http://127.0.0.1:8000"


class Visitor:
    """Somebody with a browser, who goes to a provider and comes back."""

    def __init__(self, browser: FlaskClient, provider: Provider, slug: str = "example", locale: str = "en") -> None:
        self.browser, self.provider, self.slug, self.locale = browser, provider, slug, locale

    def set_out(self, purpose: str = "", then: str = "") -> str:
        """Begin; returns the address at the provider to which the page leads."""
        page = self.browser.post(f"/{self.locale}/account/openid/{self.slug}{purpose}",
                                 query_string={"next": then} if then else {})
        assert page.status_code == 200, page.text
        found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
        assert found, page.text
        assert f'href="{found[1]}"' in page.text
        return html.unescape(found[1])

    def go(self, purpose: str = "", then: str = "", answer: str = "yes") -> Any:
        """Begin, answer the provider, and come back."""
        return self.browser.get(self.provider.visit(self.set_out(purpose, then), answer))

    def inside(self) -> str:
        """Return the address of whom the browser is signed in as; nothing for nobody."""
        answer = self.browser.get("/api/v1/account/sign-in")
        return str(answer.json["email"]) if answer.status_code == 200 else ""

    def leave(self) -> None:
        self.browser.post(f"/{self.locale}/account/logout")


@pytest.fixture(scope="session")
def running() -> Iterator[dict[str, Provider]]:
    with running_provider() as example, running_provider() as trusted:
        yield {"example": example, "trusted": trusted}


@pytest.fixture(scope="module")
def app(running: dict[str, Provider], tmp_path_factory: pytest.TempPathFactory, settings: Settings,
        request: pytest.FixtureRequest) -> Iterator[MoviePoint]:
    """Give a site; a module's MORE are further settings."""
    providers = tuple(OpenIdProvider(slug=slug, label=slug.title(), issuer=provider.url, client_id=CLIENT,
                                     client_secret=SECRET, trust_email=slug == "trusted")
                      for slug, provider in running.items())
    for slug, provider in running.items():
        provider.site.redirect_uris = {f"{BASE}/openid/{slug}/callback"}
    more = getattr(request.module, "MORE", {})
    with running_app(Settings(**{"instance": tmp_path_factory.mktemp("openid"), "secret_key": "s" * 48,
                                 "base_url": BASE, "rate_limits": False, "openid_providers": providers,
                                 "database_url": settings.database_url} | more)) as app:
        yield app


@pytest.fixture(autouse=True)
def honest(running: dict[str, Provider], app: MoviePoint) -> None:
    """Have the providers behave, and the site know nothing of them yet."""
    for slug, provider in running.items():
        provider.behave()
        client = app.extensions[EXTENSION][slug]
        client._metadata = client._keys = None


@pytest.fixture
def provider(running: dict[str, Provider]) -> Provider:
    return running["example"]


@pytest.fixture
def visitor(client: FlaskClient, provider: Provider, queue: list[object]) -> Visitor:
    return Visitor(client, provider)


@pytest.fixture
def another(app: MoviePoint, client: FlaskClient, running: dict[str, Provider]) -> Callable[..., Visitor]:
    """Return a function that gives somebody with a browser of their own."""
    return lambda slug="example", locale="en": Visitor(app.test_client(), running[slug], slug, locale)


@pytest.fixture
def known(session: Session) -> Callable[[], dict[str, str]]:
    """Return a function that tells who is whom: subjects at providers by address here."""

    def look() -> dict[str, str]:
        session.expire_all()
        rows = session.execute(select(Identity.subject, User.email).join(User, User.id == Identity.user_id))
        return {row.subject: row.email for row in rows}

    return look
