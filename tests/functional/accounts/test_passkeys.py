"""Signing in with a passkey alone, by a device made here: whose address waits for its confirmation stays out."""
from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.signin_models import Passkey
from moviepoint.kernel.db import unit_of_work
from moviepoint.settings import Settings
from moviepoint.testing import running_app

HOST, ID = "localhost", b"a key of the test"
PRESENT_AND_VERIFIED = b"\x05"
JSON = {"Accept": "application/json"}


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    """A device that holds one passkey."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def public_key(self) -> bytes:
        """Return the key as COSE: EC2, ES256, P-256."""
        point = self._key.public_key().public_numbers()
        x, y = (part.to_bytes(32, "big") for part in (point.x, point.y))
        return bytes(cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y}))

    def answer(self, challenge: str) -> str:
        """Sign a challenge, as a browser hands it to the page."""
        client = json.dumps({"type": "webauthn.get", "challenge": challenge, "origin": f"http://{HOST}"}).encode()
        data = hashlib.sha256(HOST.encode()).digest() + PRESENT_AND_VERIFIED + bytes(4)
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return json.dumps({"id": encoded(ID), "rawId": encoded(ID), "type": "public-key", "response": {
            "authenticatorData": encoded(data), "clientDataJSON": encoded(client), "signature": encoded(signature)}})


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[MoviePoint]:
    """Give a site that has a mail server, and so confirms addresses."""
    with running_app(Settings(instance=tmp_path_factory.mktemp("passkeys"), secret_key="s" * 48, rate_limits=False,
                              mail_server="127.0.0.1", database_url=settings.database_url)) as app:
        yield app


@pytest.fixture
def device() -> Authenticator:
    return Authenticator()


@pytest.fixture
def owner(make_user: Any, device: Authenticator) -> User:
    """Make a member with a passkey that stands instead of the password."""
    user: User = make_user("member")
    with unit_of_work():
        user.webauthn.append(Passkey(name="key", credential_id=ID, public_key=device.public_key(),
                                     device_type="single_device", usage="first"))
    return user


def wait_for_confirmation(user: User) -> None:
    """Make the address one that nobody has confirmed, as of who registered while nobody was asked."""
    with unit_of_work():
        user.confirmed_at = None


def inside(client: FlaskClient) -> bool:
    return client.get("/api/v1/account/sign-in").status_code == 200


def use(client: FlaskClient, device: Authenticator, locale: str = "en") -> Any:
    """Go the way of a browser: ask for a challenge, and send it back signed."""
    page = client.post(f"/{locale}/account/wan-signin").text
    options = re.search(r'data-options="([^"]*)"', page)
    action = re.search(r'action="([^"]*)" method="post" data-passkey="get"', page)
    assert options
    assert action
    challenge = json.loads(html.unescape(options[1]))["challenge"]
    return client.post(html.unescape(action[1]), data={"credential": device.answer(challenge)}, follow_redirects=True)


@pytest.mark.usefixtures("owner")
def test_a_passkey_alone_signs_in(client: FlaskClient, device: Authenticator, session: Session) -> None:
    assert use(client, device).status_code == 200
    assert inside(client)


@pytest.mark.usefixtures("owner")
def test_another_key_does_not(client: FlaskClient, session: Session) -> None:
    use(client, Authenticator())
    assert not inside(client)


@pytest.mark.parametrize(("locale", "words"), [("en", "Confirm your address first"),
                                               ("ru", "Сначала подтвердите адрес")])
def test_whose_address_waits_for_its_confirmation_is_refused(client: FlaskClient, device: Authenticator, owner: User,
                                                             locale: str, words: str) -> None:
    wait_for_confirmation(owner)
    assert words in use(client, device, locale).text
    assert not inside(client)


def test_a_program_is_refused_by_a_code(client: FlaskClient, device: Authenticator, owner: User) -> None:
    wait_for_confirmation(owner)
    asked = client.post("/en/account/wan-signin", json={}, headers=JSON).json["response"]
    answer = client.post(f"/en/account/wan-signin/{asked['wan_state']}", headers=JSON, json={
        "credential": device.answer(asked["credential_options"]["challenge"])})
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert answer.json["code"] == "address-not-confirmed"
    assert not inside(client)
