"""Asking a provider of OpenID Connect who somebody is, and believing nothing of its answer that does not hold.

The addresses are the provider's (discovery), the way is the authorization code's with PKCE, the proof is the ID token:
signed by one of the provider's keys, by it, for us, of now, for this very attempt. Tokens are looked at and forgotten.
"""
from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import requests
import structlog
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, import_key
from urllib3.exceptions import HTTPError

from moviepoint.domains.accounts.identities import Proof
from moviepoint.domains.accounts.openid_faults import Away, ClocksDiffer, Denied, NotMade, Stale, Unbelievable
from moviepoint.kernel.text import one_line
from moviepoint.settings import OpenIdProvider, is_provider_address

log = structlog.get_logger(__name__)

TIMEOUT = (4.0, 8.0)  # seconds to connect, and between two parts of an answer
MOST_BYTES = 2**19  # of an answer
KEPT = 3600.0  # seconds for which a provider's addresses and keys are taken as known
KEYS_AGAIN = 30.0  # seconds between two looks for a key that was not there
LEEWAY = 120  # seconds by which clocks may differ
VERIFIED_WITHIN = 600  # seconds since the provider has asked for who is to prove that it is still them
#: Those that only the provider can make: none, and none by a secret that two know.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


class Client:
    """One provider, with what it has told of itself."""

    def __init__(self, provider: OpenIdProvider, redirect_uri: str) -> None:
        self.provider, self.redirect_uri = provider, redirect_uri
        self._metadata: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def address(self, *, state: str, nonce: str, verifier: str, locale: str, again: bool = False) -> str:
        """Return where to send the browser; with `again` the provider shall ask for the password anew.

        Raises Away and Unbelievable.
        """
        more = {"prompt": "login", "max_age": str(VERIFIED_WITHIN)} if again else {}
        with self._session(self.metadata()) as client:
            address, _state = client.create_authorization_url(
                self.metadata()["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier,
                ui_locales=locale, **more)
        return str(address)

    def redeem(self, answer: Mapping[str, str], *, nonce: str, verifier: str, again: bool = False) -> Proof:
        """Turn the answer that the browser has brought into a proof of who somebody is.

        Raises Denied, Away, Stale, ClocksDiffer, NotMade and Unbelievable.
        """
        metadata = self.metadata()
        self._check_answer(answer, metadata)
        tokens = self._tokens(metadata, answer["code"], verifier)
        claims = self._claims(metadata, tokens.get("id_token"), nonce)
        if again:
            self._check_moment(claims)
        return self._proof(metadata, claims, tokens.get("access_token"))

    def metadata(self) -> Mapping[str, Any]:
        """Return what the provider has published of itself, at most an hour old. Raises Away and Unbelievable."""
        if self._metadata and time.monotonic() - self._metadata[0] < KEPT:
            return self._metadata[1]
        found = self._get(f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        if any(not isinstance(found.get(name), str) for name in NEEDED):
            raise self._unbelievable("metadata")
        if found["issuer"] != self.provider.issuer:
            raise self._unbelievable("metadata-issuer")
        if not all(is_provider_address(found[name]) for name in NEEDED):
            raise self._unbelievable("metadata-address")
        self._metadata = (time.monotonic(), found)
        return found

    def _check_answer(self, answer: Mapping[str, str], metadata: Mapping[str, Any]) -> None:
        """Look at who answers before anything else (RFC 9207), then at whether it is a yes."""
        issuer = answer.get("iss")
        if issuer is None and metadata.get("authorization_response_iss_parameter_supported") is True:
            raise self._unbelievable("no-issuer")
        if issuer is not None and issuer != metadata["issuer"]:
            raise self._unbelievable("issuer")
        if error := answer.get("error"):
            log.info("openid sign-in refused", provider=self.provider.slug, error=one_line(error)[:60])
            if error in ("access_denied", "consent_required", "interaction_required", "login_required"):
                raise Denied(self.provider)
            away = error in ("server_error", "temporarily_unavailable")
            raise Away(self.provider) if away else NotMade(self.provider)
        if not answer.get("code"):
            raise self._unbelievable("no-code")

    def _session(self, metadata: Mapping[str, Any]) -> OAuth2Session:
        offered = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        method = "none"
        if self.provider.client_secret:
            method = "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
        return OAuth2Session(self.provider.client_id, self.provider.client_secret or None,
                             token_endpoint_auth_method=method, scope=" ".join(self.provider.scopes),
                             redirect_uri=self.redirect_uri, code_challenge_method="S256")

    def _tokens(self, metadata: Mapping[str, Any], code: str, verifier: str) -> Mapping[str, Any]:
        error = ""
        try:
            with self._session(metadata) as client:
                return dict(client.fetch_token(metadata["token_endpoint"], grant_type="authorization_code", code=code,
                                               code_verifier=verifier, timeout=TIMEOUT, allow_redirects=False))
        except OAuthError as refused:
            error = str(refused.error)
        except requests.HTTPError as refused:
            if refused.response is None or refused.response.status_code >= 500:
                raise self._away("token") from None
            error = _error_of(refused.response)
        except requests.RequestException:
            raise self._away("token") from None
        except (ValueError, TypeError, AttributeError):  # no JSON, or none that is an object; a code of odd characters
            raise self._unbelievable("token") from None
        log.warning("openid sign-in failed", provider=self.provider.slug, reason="token", error=one_line(error)[:60])
        raise Stale() if error == "invalid_grant" else NotMade(self.provider)

    def _claims(self, metadata: Mapping[str, Any], token: object, nonce: str) -> Mapping[str, Any]:
        """Return an ID token's claims, after its signature and all that OpenID Connect Core 3.1.3.7 asks."""
        if not isinstance(token, str):
            raise self._unbelievable("no-id-token")
        try:
            claims = self._decoded(metadata, token)
        except (JoseError, ValueError, TypeError, KeyError):
            raise self._unbelievable("signature") from None
        words = {"iss": metadata["issuer"], "nonce": nonce}
        if wrong := [name for name, value in words.items() if claims.get(name) != value]:
            raise self._unbelievable(wrong[0])
        audience = claims.get("aud")
        audience = audience if isinstance(audience, list) else [audience]
        party = claims.get("azp", None if len(audience) > 1 else self.provider.client_id)
        if self.provider.client_id not in audience or party != self.provider.client_id:
            raise self._unbelievable("audience")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255 or subject != one_line(subject):
            raise self._unbelievable("subject")
        times = {name: claims.get(name) for name in ("exp", "iat", "nbf") if name != "nbf" or name in claims}
        if not all(_is_time(value) for value in times.values()):
            raise self._unbelievable("times")
        try:
            jwt.JWTClaimsRegistry(leeway=LEEWAY).validate(times)
        except JoseError:
            log.warning("openid sign-in failed", provider=self.provider.slug, reason="times")
            raise ClocksDiffer(self.provider) from None
        return claims

    def _decoded(self, metadata: Mapping[str, Any], token: str) -> Mapping[str, Any]:
        try:
            return dict(jwt.decode(token, self._key_set(metadata), algorithms=ALGORITHMS).claims)
        except InvalidKeyIdError:  # a new key
            if self._keys is None or time.monotonic() - self._keys[0] < KEYS_AGAIN:
                raise
            self._keys = None
            return dict(jwt.decode(token, self._key_set(metadata), algorithms=ALGORITHMS).claims)

    def _key_set(self, metadata: Mapping[str, Any]) -> KeySet:
        if self._keys is None or time.monotonic() - self._keys[0] > KEPT:
            self._keys = (time.monotonic(), KeySet(_signing_keys(self._get(metadata["jwks_uri"]))))
        return self._keys[1]

    def _check_moment(self, claims: Mapping[str, Any]) -> None:
        """Refuse a sign-in at the provider of long ago, where a new one was asked for; some do not say."""
        moment = claims.get("auth_time")
        if moment is not None and not (_is_time(moment) and moment > time.time() - VERIFIED_WITHIN - LEEWAY):
            raise Stale()

    def _proof(self, metadata: Mapping[str, Any], claims: Mapping[str, Any], access_token: object) -> Proof:
        told = claims
        place = metadata.get("userinfo_endpoint")
        if not claims.get("email") and isinstance(place, str) and isinstance(access_token, str):
            if not is_provider_address(place):
                raise self._unbelievable("metadata-address")
            told = self._get(place, {"Authorization": f"Bearer {access_token}"})
            if told.get("sub") != claims["sub"]:
                raise self._unbelievable("userinfo")
        email, name = (told.get(field) for field in ("email", "name"))
        return Proof(self.provider.slug, self.provider.label, metadata["issuer"], claims["sub"],
                     one_line(email) if isinstance(email, str) else "", told.get("email_verified") is True,
                     self.provider.trust_email, name if isinstance(name, str) else "")

    def _get(self, address: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """Ask for a JSON object: no redirection is followed, and no more is read than such an answer can have."""
        try:
            with requests.get(address, headers={"Accept": "application/json", **(headers or {})}, timeout=TIMEOUT,
                              allow_redirects=False, stream=True) as response:
                content = response.raw.read(MOST_BYTES + 1, decode_content=True)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise self._away(type(error).__name__) from None
        if response.status_code >= 500 or response.status_code == 429:
            raise self._away(str(response.status_code))
        try:
            found = json.loads(content) if response.status_code == 200 and len(content) <= MOST_BYTES else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self._unbelievable(f"answer-{response.status_code}")
        return found

    def _away(self, reason: str) -> Away:
        log.warning("openid provider away", provider=self.provider.slug, reason=reason)
        return Away(self.provider)

    def _unbelievable(self, reason: str) -> Unbelievable:
        log.warning("openid sign-in failed", provider=self.provider.slug, reason=reason)
        return Unbelievable(self.provider)


def _signing_keys(found: Mapping[str, Any]) -> list[Any]:
    """Return the keys of a set that can be used here; of kinds unknown to us there may be others (RFC 7517, 5)."""
    keys = []
    for one in found.get("keys") or ():
        if isinstance(one, dict) and one.get("kty") in ("RSA", "EC", "OKP") and one.get("use", "sig") == "sig":
            with suppress(JoseError, ValueError, TypeError, KeyError):
                keys.append(import_key(one))
    return keys


def _error_of(response: requests.Response) -> str:
    """Return the code of a refusal (RFC 6749, 5.2)."""
    try:
        found = response.json()
    except ValueError:
        return str(response.status_code)
    return str(found.get("error")) if isinstance(found, dict) else str(response.status_code)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
