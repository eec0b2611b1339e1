"""Keys that a provider may have, and changes of them."""
from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts import openid_client
from moviepoint.domains.accounts.openid_providers import EXTENSION
from tests.openid_provider import Provider

from .conftest import Visitor


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # and so its name, but providers use it
@pytest.mark.parametrize(("alg", "key"), [
    ("ES256", ECKey.generate_key("P-256", {"kid": "curve"})), ("EdDSA", OKPKey.generate_key("Ed25519", {"kid": "ed"})),
    ("PS256", RSAKey.generate_key(2048, {"kid": "pss"})), ("RS256", RSAKey.generate_key(2048))])
def test_every_usual_kind_of_key(visitor: Visitor, provider: Provider, alg: str, key: Any) -> None:
    provider.alg, provider.signing, provider.published = alg, key, [key]
    visitor.go()
    assert visitor.inside() == "ann@example.org"


def test_a_new_key_is_looked_for_but_not_all_the_time(visitor: Visitor, provider: Provider, app: MoviePoint,
                                                      session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor.go()
    visitor.leave()
    second = RSAKey.generate_key(2048, {"kid": "second"})
    provider.signing, provider.published = second, [provider.key, second]
    assert visitor.go().status_code == 502  # keys were read just now
    monkeypatch.setattr(openid_client, "KEYS_AGAIN", 0.0)
    visitor.go()
    assert visitor.inside() == "ann@example.org"
    assert provider.asked.count("/keys") == 2


def test_addresses_and_keys_are_asked_for_once(visitor: Visitor, provider: Provider, app: MoviePoint,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    for _number in range(3):
        visitor.go()
        visitor.leave()
    assert (provider.asked.count("/.well-known/openid-configuration"), provider.asked.count("/keys")) == (1, 1)
    monkeypatch.setattr(openid_client, "KEPT", 0.0)
    visitor.go()
    assert visitor.inside() == "ann@example.org"
    assert provider.asked.count("/keys") == 2


@pytest.mark.parametrize("methods", [["client_secret_post"], ["client_secret_basic", "client_secret_post"], None])
def test_the_secret_is_shown_as_the_provider_wants_it(visitor: Visitor, provider: Provider, methods: Any) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": methods}
    visitor.go()
    assert visitor.inside() == "ann@example.org"


def test_a_wrong_secret_is_refused_in_words(visitor: Visitor, provider: Provider, app: MoviePoint,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider.site, "check_client_secret", lambda secret: False)
    answer = visitor.go()
    assert answer.status_code == 502
    assert "has refused this site" in answer.text
    assert app.extensions[EXTENSION]["example"].provider.client_secret not in answer.text
