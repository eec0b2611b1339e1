"""A provider of OpenID Connect over HTTP, made of Authlib's server: honest, unless a test tells it otherwise."""
from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "moviepoint", "the client's secret, never shown"
ANN = {"sub": "ann-1", "email": "ann@example.org", "email_verified": True, "name": "Ann"}
BOB = {"sub": "bob-2", "email": "bob@example.org", "email_verified": True, "name": "Bob"}
CONSENT = """<!doctype html><html lang="en"><title>Provider</title><link rel="icon" href="data:,">
<h1>Let this site know who you are?</h1>
<form method="post">
<button name="answer" value="yes">Yes</button> <button name="answer" value="no">No</button></form>"""


class Site(ClientMixin):
    """The one site that is registered here."""

    def __init__(self, redirect_uris: set[str]) -> None:
        self.redirect_uris = redirect_uris

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Code(AuthorizationCodeMixin):
    """A code that has been given out, with what was asked for."""

    def __init__(self, person: Mapping[str, Any], asked: Mapping[str, str]) -> None:
        self.person, self.asked = dict(person), dict(asked)
        self.code_challenge, self.code_challenge_method = (asked.get("code_challenge"),
                                                           asked.get("code_challenge_method"))

    def get_redirect_uri(self) -> str:
        return self.asked["redirect_uri"]

    def get_scope(self) -> str:
        return self.asked["scope"]


class Provider:
    """What a test sees: who is signed in at the provider, and what it does wrong."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self.url, self.site = "", Site(set())
        self.codes: dict[str, Code] = {}
        self.people: dict[str, Mapping[str, Any]] = {}  # by access token
        self.behave()

    def behave(self) -> None:
        """Be honest again."""
        self.person: Mapping[str, Any] = ANN
        self.signing: Any = self.key
        self.alg, self.published = "RS256", [self.key]
        self.claims: dict[str, Any] = {}  # instead of the true ones; None leaves one out
        self.metadata: dict[str, Any] = {}
        self.answer: dict[str, str] = {}  # added to the address that leads back
        self.broken: dict[str, tuple[int, str]] = {}  # by path: what comes instead
        self.slow: dict[str, float] = {}  # by path: seconds
        self.cut: set[str] = set()  # paths whose answer ends before it should
        self.thin = False  # an ID token without an address: that stands in the user info
        self.userinfo: dict[str, Any] = {}
        self.asked: list[str] = []  # paths, in order
        self.tokens: list[str] = []  # all that were given out

    def visit(self, address: str, answer: str = "yes") -> str:
        """Do what a person does who is led here; returns the path with query that leads back."""
        response = requests.post(address, data={"answer": answer}, allow_redirects=False, timeout=10)
        assert response.status_code == 302, response.text
        parts = urlsplit(response.headers["Location"])
        return f"{parts.path}?{parts.query}"

    def id_token(self, code: Code) -> str:
        """Return a signed ID token, as the test wants it."""
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300,
                                  "sub": code.person["sub"], "nonce": code.asked.get("nonce", "")}
        if not self.thin:
            claims |= code.person
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        if self.alg == "none" or isinstance(self.signing, bytes):  # what no library would sign
            parts = ({"alg": self.alg, "kid": "first"}, claims)
            text = ".".join(in_base64(json.dumps(part).encode()) for part in parts)
            by_hand = hmac.digest(self.signing, text.encode(), "sha256") if isinstance(self.signing, bytes) else b""
            return f"{text}.{in_base64(by_hand)}"
        header = {"alg": self.alg} | ({"kid": self.signing.kid} if self.signing.kid else {})
        return jwt.encode(header, claims, self.signing, algorithms=[self.alg])


def in_base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def grant_of(provider: Provider) -> type[grants.AuthorizationCodeGrant]:
    """Return the code grant over a provider's memory."""

    class Grant(grants.AuthorizationCodeGrant):
        def save_authorization_code(self, code: str, request: Any) -> None:
            provider.codes[code] = Code(request.user, request.payload.data)

        def query_authorization_code(self, code: str, client: Any) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            provider.codes = {code: kept for code, kept in provider.codes.items() if kept is not authorization_code}

        def authenticate_user(self, authorization_code: Code) -> Any:
            return authorization_code.person

    return Grant


class IdToken:
    """Adds the ID token to a code's answer, and remembers whose the access token is."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    def __call__(self, grant: Any) -> None:
        grant.register_hook("after_create_token_response", self.add)

    def add(self, grant: Any, response: tuple[int, dict[str, Any], Any]) -> None:
        token = response[1]
        token["id_token"] = self.provider.id_token(grant.request.authorization_code)
        self.provider.people[token["access_token"]] = grant.request.authorization_code.person
        self.provider.tokens += [token["id_token"], token["access_token"]]


def provider_app(provider: Provider) -> Flask:
    """Return the provider's pages and endpoints."""
    app = Flask("provider")
    server = AuthorizationServer(app, query_client=lambda name: provider.site if name == CLIENT else None,
                                 save_token=lambda token, request: None)
    server.register_grant(grant_of(provider), [CodeChallenge(required=True), IdToken(provider)])

    @app.before_request
    def misbehave() -> Response | None:
        provider.asked.append(request.path)
        time.sleep(provider.slow.get(request.path, 0))
        if request.path in provider.cut:
            return Response(iter([b'{"issuer"']), headers={"Content-Length": "1000"})
        if request.path in provider.broken:
            status, body = provider.broken[request.path]
            return Response(body, status, headers={"Location": "/elsewhere"} if status in (301, 302) else {})
        return None

    @app.get("/.well-known/openid-configuration")
    def metadata() -> Response:
        return jsonify({"issuer": provider.url, "authorization_endpoint": f"{provider.url}/authorize",
                        "token_endpoint": f"{provider.url}/token", "jwks_uri": f"{provider.url}/keys",
                        "userinfo_endpoint": f"{provider.url}/me", "response_types_supported": ["code"],
                        "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"]} | provider.metadata)

    @app.get("/keys")
    def keys() -> Response:
        return jsonify(KeySet(provider.published).as_dict(private=False))

    @app.route("/authorize", methods=("GET", "POST"))
    def authorize() -> Any:
        if request.method == "GET":
            return CONSENT
        try:
            grant = server.get_consent_grant(end_user=provider.person)
        except OAuth2Error as error:
            return str(error), 400
        person = provider.person if request.form["answer"] == "yes" else None
        answer = server.create_authorization_response(grant_user=person, grant=grant)
        extra = "".join(f"&{name}={value}" for name, value in provider.answer.items())
        return redirect(answer.headers["Location"] + extra)

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    @app.get("/me")
    def me() -> Any:
        person = provider.people.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return jsonify(dict(person) | provider.userinfo) if person else ("", 401)

    return app


@contextmanager
def running_provider() -> Iterator[Provider]:
    """Give a provider that answers on this machine."""
    provider = Provider()
    server = make_server("127.0.0.1", 0, provider_app(provider), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    provider.url = f"http://localhost:{server.server_port}"
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
