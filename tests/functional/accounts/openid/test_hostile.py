"""Answers that must sign nobody in: of providers that lie, fail or are away, and of somebody in between."""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.cli.check import openid_faults
from moviepoint.domains.accounts import openid_attempts, openid_client
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.openid_providers import EXTENSION
from tests.openid_provider import BOB, CLIENT, SECRET, Provider

from .conftest import Visitor

UNTRUE, CLOCK, BEGIN = "cannot be trusted", "its clock and ours differ", "Begin again."
AWAY, REFUSED = "does not answer at present", "has refused this site"
OTHER = RSAKey.generate_key(2048, {"kid": "first"})
NOW = time.time()


@pytest.fixture(autouse=True)
def nobody_is_let_in(session: Session, client: Any) -> Any:
    """Look after each of these tests whether somebody was."""
    yield
    session.expire_all()
    assert session.scalar(select(func.count(User.id))) == 0
    assert client.get("/api/v1/account/sign-in").status_code == 401


def refused(answer: Any, status: int, words: str) -> None:
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert "Try again" in answer.text
    assert 'action="/en/account/openid/example"' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(("claims", "words"), [
    ({"nonce": "that of another attempt"}, UNTRUE), ({"nonce": None}, UNTRUE), ({"nonce": ["x"]}, UNTRUE),
    ({"aud": "another-site"}, UNTRUE), ({"aud": None}, UNTRUE), ({"aud": []}, UNTRUE),
    ({"aud": [CLIENT, "another-site"]}, UNTRUE), ({"aud": [CLIENT, "another-site"], "azp": "another-site"}, UNTRUE),
    ({"azp": "another-site"}, UNTRUE),
    ({"iss": "https://evil.example"}, UNTRUE), ({"iss": None}, UNTRUE), ({"sub": None}, UNTRUE), ({"sub": ""}, UNTRUE),
    ({"sub": 7}, UNTRUE), ({"sub": "x" * 256}, UNTRUE), ({"sub": "a\x00b"}, UNTRUE),
    ({"exp": NOW - 300}, CLOCK), ({"iat": NOW + 3600}, CLOCK), ({"nbf": NOW + 3600}, CLOCK),
    ({"exp": None}, UNTRUE), ({"exp": "tomorrow"}, UNTRUE), ({"exp": float("nan")}, UNTRUE), ({"exp": True}, UNTRUE),
    ({"exp": float("inf")}, UNTRUE), ({"iat": None}, UNTRUE)])
def test_claims_that_do_not_hold(visitor: Visitor, provider: Provider, claims: dict[str, Any], words: str) -> None:
    provider.claims = claims
    refused(visitor.go(), 502, words)


def test_an_issuer_among_others_is_no_issuer(visitor: Visitor, provider: Provider) -> None:
    provider.claims = {"iss": [provider.url, "https://evil.example"]}
    refused(visitor.go(), 502, UNTRUE)


@pytest.mark.parametrize(("alg", "key"), [
    ("none", None), ("HS256", OctKey.import_key(SECRET)), ("HS256", OctKey.import_key(SECRET, {"kid": "first"})),
    ("RS256", OTHER), ("RS256", RSAKey.generate_key(2048)), ("RS256", RSAKey.generate_key(2048, {"kid": "unknown"})),
    ("ES256", ECKey.generate_key("P-256", {"kid": "first"}))])
def test_signatures_that_are_not_the_providers(visitor: Visitor, provider: Provider, alg: str, key: Any) -> None:
    provider.alg, provider.signing = alg, key
    refused(visitor.go(), 502, UNTRUE)


def test_the_public_key_is_no_secret_to_sign_with(visitor: Visitor, provider: Provider) -> None:
    provider.alg, provider.signing = "HS256", provider.key.as_pem(private=False)
    refused(visitor.go(), 502, UNTRUE)


@pytest.mark.parametrize("answer", [{"iss": "https://evil.example"}, {"iss": ""}])
def test_an_answer_in_the_name_of_another_provider(visitor: Visitor, provider: Provider,
                                                   answer: dict[str, str]) -> None:
    provider.answer = answer
    refused(visitor.go(), 502, UNTRUE)
    assert "/token" not in provider.asked  # the code is not shown to the wrong one


def test_an_answer_without_the_name_that_was_promised(visitor: Visitor, provider: Provider) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    refused(visitor.go(), 502, UNTRUE)


@pytest.mark.parametrize("metadata", [
    {"issuer": "https://evil.example"}, {"issuer": None}, {"token_endpoint": None}, {"jwks_uri": 7},
    {"authorization_endpoint": "http://films.example/authorize"}, {"token_endpoint": "file:///etc/passwd"},
    {"jwks_uri": "https://user:secret@films.example/keys"}, {"authorization_endpoint": "javascript:alert(1)"},
    {"authorization_endpoint": "https://films.example/\"><script>"}])
def test_a_provider_that_says_odd_things_of_itself(visitor: Visitor, provider: Provider,
                                                   metadata: dict[str, Any]) -> None:
    provider.metadata = metadata
    refused(visitor.browser.post("/en/account/openid/example"), 502, UNTRUE)


@pytest.mark.parametrize(("path", "broken", "status", "words"), [
    ("/.well-known/openid-configuration", (503, ""), 503, AWAY),
    ("/.well-known/openid-configuration", (404, "no such page"), 502, UNTRUE),
    ("/.well-known/openid-configuration", (302, ""), 502, UNTRUE),
    ("/.well-known/openid-configuration", (200, "<html>"), 502, UNTRUE),
    ("/.well-known/openid-configuration", (200, "[1, 2]"), 502, UNTRUE),
    ("/.well-known/openid-configuration", (200, "[" * 100_000), 502, UNTRUE),
    ("/.well-known/openid-configuration", (200, " " * 600_000 + "{}"), 502, UNTRUE)])
def test_a_provider_that_is_not_well_on_the_way_out(visitor: Visitor, provider: Provider, path: str,
                                                    broken: tuple[int, str], status: int, words: str) -> None:
    provider.broken[path] = broken
    refused(visitor.browser.post("/en/account/openid/example"), status, words)


@pytest.mark.parametrize(("path", "broken", "status", "words"), [
    ("/keys", (500, ""), 503, AWAY), ("/keys", (200, "{}"), 502, UNTRUE),
    ("/keys", (200, '{"keys": [7]}'), 502, UNTRUE), ("/keys", (200, '{"keys": 7}'), 502, UNTRUE),
    ("/keys", (200, '{"keys": []}'), 502, UNTRUE), ("/keys", (302, ""), 502, UNTRUE),
    ("/token", (500, ""), 503, AWAY), ("/token", (200, "not json"), 502, UNTRUE), ("/token", (200, "[]"), 502, UNTRUE),
    ("/token", (200, '{"access_token": "x", "token_type": "Bearer"}'), 502, UNTRUE),
    ("/token", (200, '{"access_token": "x", "token_type": "Bearer", "id_token": "x.y.z"}'), 502, UNTRUE),
    ("/token", (302, ""), 502, UNTRUE),
    ("/token", (400, '{"error": "invalid_grant"}'), 400, BEGIN),
    ("/token", (401, '{"error": "invalid_client"}'), 502, REFUSED), ("/token", (400, "oh no"), 502, REFUSED)])
def test_a_provider_that_is_not_well_on_the_way_back(visitor: Visitor, provider: Provider, path: str,
                                                     broken: tuple[int, str], status: int, words: str) -> None:
    provider.broken[path] = broken
    refused(visitor.go(), status, words)


def test_a_provider_that_takes_too_long(visitor: Visitor, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openid_client, "TIMEOUT", (0.2, 0.2))
    provider.slow["/token"] = 1.0
    refused(visitor.go(), 503, AWAY)
    provider.slow["/.well-known/openid-configuration"] = 1.0
    visitor.browser.application.extensions[EXTENSION]["example"]._metadata = None
    refused(visitor.browser.post("/en/account/openid/example"), 503, AWAY)


def test_a_provider_that_stops_in_the_middle_of_its_answer(visitor: Visitor, provider: Provider) -> None:
    """Its length is said, and its connection ends before."""
    provider.cut.add("/.well-known/openid-configuration")
    refused(visitor.browser.post("/en/account/openid/example"), 503, AWAY)


def test_a_provider_that_is_gone(visitor: Visitor, app: MoviePoint, provider: Provider,
                                 monkeypatch: pytest.MonkeyPatch) -> None:
    back = provider.visit(visitor.set_out())
    client = app.extensions[EXTENSION]["example"]
    gone = client.metadata() | {"token_endpoint": "http://localhost:9/token"}
    monkeypatch.setattr(client, "_metadata", (time.monotonic(), gone))
    refused(visitor.browser.get(back), 503, AWAY)


@pytest.mark.parametrize(("error", "status", "words"), [
    ("access_denied", 403, "was not allowed to tell us who you are"), ("login_required", 403, "was not allowed"),
    ("server_error", 503, AWAY), ("temporarily_unavailable", 503, AWAY), ("invalid_scope", 502, REFUSED),
    ("<script>alert(1)</script>", 502, REFUSED)])
def test_a_refusal_is_said_in_words_and_never_in_theirs(visitor: Visitor, error: str, status: int, words: str) -> None:
    state = dict(parse_qsl(urlsplit(visitor.set_out()).query))["state"]
    answer = visitor.browser.get("/openid/example/callback", query_string={
        "state": state, "error": error, "error_description": "<b>words of theirs</b>"})
    refused(answer, status, words)
    assert "words of theirs" not in answer.text
    assert "<script>alert" not in answer.text


def test_an_answer_with_neither_yes_nor_no(visitor: Visitor) -> None:
    state = dict(parse_qsl(urlsplit(visitor.set_out()).query))["state"]
    refused(visitor.browser.get("/openid/example/callback", query_string={"state": state}), 502, UNTRUE)


@pytest.mark.parametrize("code", ["made up", "", "%00", "a=b&c", "ü" * 100, "\r\nX: y"])
def test_a_code_that_was_made_up(visitor: Visitor, code: str) -> None:
    state = dict(parse_qsl(urlsplit(visitor.set_out()).query))["state"]
    answer = visitor.browser.get("/openid/example/callback", query_string={"state": state, "code": code})
    assert answer.status_code in (400, 502)
    assert "Try again" in answer.text


def test_an_answer_brought_to_another_browser(visitor: Visitor, another: Callable[..., Visitor],
                                              provider: Provider) -> None:
    """A thief has begun, and lets somebody else end it, to have them use the thief's account."""
    back = provider.visit(visitor.set_out())
    victim = another()
    refused(victim.browser.get(back), 400, BEGIN)
    victim.set_out()
    refused(victim.browser.get(back), 400, BEGIN)
    assert "/token" not in provider.asked


def test_a_state_that_is_another_ones_or_nobodys(visitor: Visitor, provider: Provider) -> None:
    back = urlsplit(provider.visit(visitor.set_out()))
    for state in ("", "made up", "x" * 5_000):
        query = urlencode(dict(parse_qsl(back.query)) | {"state": state})
        refused(visitor.browser.get(f"{back.path}?{query}"), 400, BEGIN)
    refused(visitor.browser.get(back.path), 400, BEGIN)


def test_an_answer_to_the_callback_of_another_provider(visitor: Visitor, running: dict[str, Provider]) -> None:
    back = running["example"].visit(visitor.set_out()).replace("/example/", "/trusted/")
    answer = visitor.browser.get(back)
    assert answer.status_code == 400
    assert BEGIN in answer.text
    assert running["trusted"].asked == []  # the other one does not get to see the code


def test_an_answer_that_comes_too_late(visitor: Visitor, provider: Provider) -> None:
    for moment in (time.time() - openid_attempts.LASTS - 1, time.time() + 60):
        back = provider.visit(visitor.set_out())
        with visitor.browser.session_transaction() as cookie:
            cookie["openid"] = {state: attempt | {"begun": moment} for state, attempt in cookie["openid"].items()}
        refused(visitor.browser.get(back), 400, BEGIN)


def test_an_answer_is_taken_once(visitor: Visitor, provider: Provider) -> None:
    provider.broken["/keys"] = (500, "")
    back = provider.visit(visitor.set_out())
    refused(visitor.browser.get(back), 503, AWAY)
    provider.broken.clear()
    refused(visitor.browser.get(back), 400, BEGIN)
    assert provider.asked.count("/token") == 1


def test_a_copied_cookie_does_not_bring_a_code_back(visitor: Visitor, provider: Provider) -> None:
    back = provider.visit(visitor.set_out())
    with visitor.browser.session_transaction() as cookie:
        kept = cookie["openid"]
    provider.claims = {"nonce": "spoilt"}
    refused(visitor.browser.get(back), 502, UNTRUE)
    provider.claims = {}
    with visitor.browser.session_transaction() as cookie:
        cookie["openid"] = kept
    refused(visitor.browser.get(back), 400, BEGIN)


def test_a_code_of_another_attempt_cannot_be_redeemed(visitor: Visitor, another: Callable[..., Visitor],
                                                      provider: Provider) -> None:
    """A thief puts their code into the answer that the victim's browser waits for, or the other way round (PKCE)."""
    thief = another()
    stolen = dict(parse_qsl(urlsplit(provider.visit(thief.set_out())).query))["code"]
    state = dict(parse_qsl(urlsplit(visitor.set_out()).query))["state"]
    refused(visitor.browser.get(f"/openid/example/callback?state={state}&code={stolen}"), 400, BEGIN)


def test_user_info_of_somebody_else(visitor: Visitor, provider: Provider) -> None:
    provider.thin, provider.userinfo = True, BOB
    refused(visitor.go(), 502, UNTRUE)


@pytest.mark.parametrize(("broken", "words"), [
    ({"/.well-known/openid-configuration": (503, "")}, "does not answer"),
    ({"/.well-known/openid-configuration": (200, "{}")}, "has not published")])
def test_the_check_names_a_provider_that_is_not_there(app: MoviePoint, session: Session, provider: Provider,
                                                      broken: dict[str, tuple[int, str]], words: str) -> None:
    assert list(openid_faults()) == []
    app.extensions[EXTENSION]["example"]._metadata = None
    provider.broken = broken
    fault, = openid_faults()
    assert fault.name == "openid_providers.example"
    assert words in fault.problem
