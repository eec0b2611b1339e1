"""Signing in by a provider that behaves: newcomers, people who are known, and what holds for every sign-in here."""
from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from flask.testing import FlaskClient
from passlib.totp import TOTP
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint, create_app
from moviepoint.domains.accounts import openid_attempts
from moviepoint.domains.accounts.identity_model import Identity
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.openid_providers import EXTENSION
from moviepoint.domains.accounts.services import MEMBER
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.limits import limiter
from moviepoint.shells.site.addresses import address_of
from tests.openid_provider import ANN, BOB, SECRET, Provider

from .conftest import Visitor

Who = Callable[[], dict[str, str]]


def user_of(session: Session, email: str) -> User:
    session.expire_all()
    return session.scalars(select(User).where(User.email == email)).one()


def test_a_newcomer_gets_an_account(visitor: Visitor, session: Session, known: Who) -> None:
    answer = visitor.go(then="/en/films")
    assert (answer.status_code, answer.location) == (302, "/en/films")
    assert visitor.inside() == "ann@example.org"
    user = user_of(session, "ann@example.org")
    assert (user.name, user.password, user.locale) == ("Ann", None, "en")
    assert [role.name for role in user.roles] == [MEMBER]
    assert user.confirmed_at is not None
    assert known() == {"ann-1": "ann@example.org"}
    assert user.login_count == 1


def test_the_next_time_it_is_the_same_account_whatever_the_address_is(visitor: Visitor, session: Session,
                                                                      provider: Provider) -> None:
    visitor.go()
    visitor.leave()
    provider.person = ANN | {"email": "ann.married@example.org"}
    visitor.go()
    assert visitor.inside() == "ann@example.org"
    assert session.scalar(select(func.count(User.id))) == 1
    session.expire_all()
    assert session.scalars(select(Identity.email)).all() == ["ann.married@example.org"]


def test_what_is_asked_of_the_provider(visitor: Visitor, app: MoviePoint, provider: Provider) -> None:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(visitor.set_out()).query).items()}
    assert asked["response_type"] == "code"
    assert asked["scope"] == "openid email profile"
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/openid/example/callback"
    assert asked["code_challenge_method"] == "S256"
    assert asked["ui_locales"] == "en"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 32
    with app.test_request_context():
        assert asked["redirect_uri"] == address_of("openid_return.callback", provider="example")
    assert provider.asked == ["/.well-known/openid-configuration"]


def test_nothing_of_the_tokens_stays(visitor: Visitor, session: Session, provider: Provider, app: MoviePoint,
                                     capsys: pytest.CaptureFixture[str], client: FlaskClient) -> None:
    visitor.go()
    connection = session.connection()
    tables = [name for name, in connection.exec_driver_sql(
        "select name from sqlite_master where type = 'table'")] if connection.dialect.name == "sqlite" else [
        "identities", "users", "sign_ins", "revisions", "notices"]
    held = "".join(str(connection.exec_driver_sql(f'select * from "{name}"').all()) for name in tables)
    with client.session_transaction() as cookie:
        held += str(dict(cookie))
    held += capsys.readouterr().err + client.get("/api/v1/account/identities").text
    assert len(provider.tokens) == 2
    for secret in (*provider.tokens, SECRET):
        assert secret not in held
    assert "ann-1" in held  # it was looked at


def test_the_session_is_one_of_the_registry(visitor: Visitor, another: Callable[..., Visitor]) -> None:
    visitor.go()
    other = another()
    other.go()
    rows = visitor.browser.get("/api/v1/account/sessions").json
    assert len(rows) == 2
    visitor.browser.delete("/api/v1/account/sessions")
    assert (visitor.inside(), other.inside()) == ("ann@example.org", "")


@pytest.mark.parametrize("then", ["https://evil.example/", "//evil.example", "/\\evil.example", "\\/evil.example",
                                  "javascript:alert(1)", "/en/\nfilms", "http:evil", "/" + "x" * 600,
                                  "///evil.example"])
def test_only_addresses_of_this_site_are_gone_to(visitor: Visitor, then: str) -> None:
    answer = visitor.go(then=then)
    assert answer.location == "/en/"
    assert visitor.inside()
    again = visitor.browser.post("/en/account/openid/example", query_string={"next": then})
    assert again.location == "/en/"


def test_it_is_said_in_the_language_of_the_page(another: Callable[..., Visitor], session: Session) -> None:
    russian = another(locale="ru")
    assert "Продолжить через Example" in russian.browser.get("/ru/account/login").text
    assert "Продолжить через Example" in russian.browser.get("/ru/account/register").text
    answer = russian.go(answer="no")
    assert answer.status_code == 403
    assert "не разрешили сообщить нам, кто вы" in answer.text
    assert 'lang="ru"' in answer.text
    assert russian.go().location == "/ru/"
    assert user_of(session, "ann@example.org").locale == "ru"


def test_without_providers_there_are_no_buttons(visitor: Visitor, app: MoviePoint,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, EXTENSION, {})
    assert "openid" not in visitor.browser.get("/en/account/login").text
    assert visitor.browser.post("/en/account/openid/example").status_code == 404
    assert visitor.browser.get("/openid/example/callback?state=x&code=y").status_code == 404


def test_the_second_factor_here_still_holds(visitor: Visitor, session: Session) -> None:
    visitor.go()
    browser = visitor.browser
    page = browser.post("/en/account/tf-setup", data={"setup": "authenticator"}).text
    key = re.search(r'class="secret">([^<]+)<', page)[1].replace("-", "").replace(" ", "")  # type: ignore[index]
    action = re.search(r'action="([^"]+)" method="post" name="two_factor_verify', page)[1]  # type: ignore[index]
    code = lambda steps: TOTP(key=key, format="base32").generate(time.time() + 30 * steps).token  # noqa: E731
    assert browser.post(action, data={"code": code(-1)}).status_code == 302
    visitor.leave()
    answer = visitor.go(then="/en/films")
    assert "/en/account/tf-validate" in answer.location
    assert not visitor.inside()
    with browser.session_transaction() as cookie:
        assert time.time() - cookie["half_since"] < 60
    assert browser.post(answer.location, data={"code": code(0)}).location.endswith("/en/films")
    assert visitor.inside() == "ann@example.org"


def test_a_half_finished_sign_in_is_not_made_longer_by_coming_back_with_nothing(visitor: Visitor) -> None:
    with visitor.browser.session_transaction() as cookie:
        cookie.update({"tf_user_id": "somebody", "half_since": time.time() - 500})
    visitor.browser.get("/openid/example/callback?state=made-up&code=made-up")
    with visitor.browser.session_transaction() as cookie:
        assert time.time() - cookie["half_since"] > 400


@pytest.mark.parametrize("person", [ANN, ANN | {"email": "ann.new@example.org"}])
def test_who_has_been_shut_out_stays_out(visitor: Visitor, session: Session, provider: Provider,
                                         person: dict[str, Any]) -> None:
    visitor.go()
    visitor.leave()
    with unit_of_work() as work:
        work.scalars(select(User)).one().active = False
    provider.person = person
    answer = visitor.go()
    assert answer.status_code == 403
    assert "This account has been shut" in answer.text
    assert not visitor.inside()


def closed(app: MoviePoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "moviepoint.settings", msgspec.structs.replace(
        app.extensions["moviepoint.settings"], registration=False))


def test_where_nobody_may_register_no_account_is_made(visitor: Visitor, session: Session, app: MoviePoint,
                                                      provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor.go()
    visitor.leave()
    closed(app, monkeypatch)
    visitor.go()
    assert visitor.inside() == "ann@example.org"  # who is known is let in
    visitor.leave()
    provider.person = BOB
    answer = visitor.go()
    assert answer.status_code == 403
    assert "Nobody can register here at present" in answer.text
    assert session.scalar(select(func.count(User.id))) == 1


@pytest.mark.parametrize("email", [None, "", "not an address", ["ann@example.org"], "ann@", "a" * 300 + "@example.org"])
def test_a_newcomer_needs_an_address(visitor: Visitor, session: Session, provider: Provider, email: object) -> None:
    provider.person = ANN | {"email": email}
    answer = visitor.go()
    assert answer.status_code == 422
    assert "Example does not tell us your address" in answer.text
    assert session.scalar(select(func.count(User.id))) == 0


def test_the_address_may_stand_in_the_user_info(visitor: Visitor, provider: Provider) -> None:
    provider.thin = True
    visitor.go()
    assert visitor.inside() == "ann@example.org"
    assert provider.asked[-1] == "/me"


def test_a_name_is_one_line_of_some_length(visitor: Visitor, session: Session, provider: Provider) -> None:
    provider.person = ANN | {"name": "  Ann\x00\n of   " + "x" * 200}
    visitor.go()
    assert user_of(session, "ann@example.org").name == ("Ann of " + "x" * 200)[:80]


def test_who_is_in_already_does_not_set_out(visitor: Visitor) -> None:
    visitor.go()
    assert visitor.browser.post("/en/account/openid/example?next=/en/films").location == "/en/films"


def test_setting_out_is_a_form_of_this_site(visitor: Visitor, app: MoviePoint, monkeypatch: pytest.MonkeyPatch) -> None:
    assert visitor.browser.get("/en/account/openid/example").status_code == 405
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert visitor.browser.post("/en/account/openid/example").status_code == 400
    page = visitor.browser.get("/en/account/login").text
    form = re.search(r'action="/en/account/openid/example" method="post">\s*<input[^>]+value="([^"]+)"', page)
    assert form, page
    assert visitor.browser.post("/en/account/openid/example", data={"csrf_token": form[1]}).status_code == 200


def test_tries_are_counted_as_other_sign_ins(app: MoviePoint, tmp_path: Path) -> None:
    guarded = create_app(msgspec.structs.replace(app.extensions["moviepoint.settings"], instance=tmp_path,
                                                 rate_limits=True, database_url=""))
    try:
        limiter.reset()
        guarded.config["WTF_CSRF_ENABLED"] = False
        browser = guarded.test_client()
        out = [browser.post("/en/account/openid/example").status_code for _number in range(21)]
        back = [browser.get(f"/openid/example/callback?state={number}") for number in range(21)]
        assert (out[0], out[19], out[20]) == (200, 200, 429)
        assert (back[0].status_code, back[19].status_code, back[20].status_code) == (400, 400, 429)
        assert "Too many attempts from your address" in back[20].text
        limiter.reset()
    finally:
        limiter.enabled = False  # one for all apps of the process
        with guarded.app_context():
            db.engine.dispose()


def test_tabs_with_long_addresses_fit_into_the_cookie(visitor: Visitor) -> None:
    """Browsers drop a cookie of more than 4,096 bytes, and the sign-in with it."""
    for _number in range(openid_attempts.MOST):
        page = visitor.browser.post("/en/account/openid/example", query_string={"next": f"/{secrets.token_hex(199)}"})
    with visitor.browser.session_transaction() as cookie:
        assert {len(attempt["then"]) for attempt in cookie["openid"].values()} == {399}
    assert max(len(header) for header in page.headers.getlist("Set-Cookie")) < 3_500


def test_several_tabs_and_no_more_than_some(visitor: Visitor, provider: Provider) -> None:
    tabs = [provider.visit(visitor.set_out()) for _number in range(openid_attempts.MOST + 1)]
    assert visitor.browser.get(tabs[0]).status_code == 400
    with visitor.browser.session_transaction() as cookie:
        assert len(cookie["openid"]) == openid_attempts.MOST
    for tab in tabs[1:]:
        assert visitor.browser.get(tab).status_code == 302
    with visitor.browser.session_transaction() as cookie:
        assert "openid" not in cookie
