"""The providers that the settings name, as this site asks them."""
from __future__ import annotations

from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from flask import Flask, current_app

from moviepoint.domains.accounts.contexts import ProviderLine
from moviepoint.domains.accounts.identity_model import Identity
from moviepoint.domains.accounts.openid_client import Client
from moviepoint.kernel.errors import NotFound
from moviepoint.settings import Settings

EXTENSION = "moviepoint.openid"


def init_app(app: Flask, settings: Settings) -> None:
    """Make a client for each provider; nobody is asked anything yet."""
    root = settings.base_url.rstrip("/")
    app.extensions[EXTENSION] = {provider.slug: Client(provider, f"{root}/openid/{provider.slug}/callback")
                                 for provider in settings.openid_providers}


def clients() -> dict[str, Client]:
    """Return all clients by slug, in the operator's order."""
    found: dict[str, Client] = current_app.extensions[EXTENSION]
    return found


def client_of(slug: str) -> Client:
    """Return a provider's client. Raises NotFound."""
    if slug not in clients():
        raise NotFound()
    return clients()[slug]


def provider_lines() -> Sequence[ProviderLine]:
    """Return what pages show of the providers."""
    return [ProviderLine(slug, client.provider.label) for slug, client in clients().items()]


def issuers() -> Collection[str]:
    """Return by whose word people can sign in at present."""
    return {client.provider.issuer for client in clients().values()}


def label_of(row: Identity) -> str:
    """Return what to call an identity's provider; one that the settings no longer name, by its host."""
    named = [client.provider.label for client in clients().values() if client.provider.issuer == row.issuer]
    return named[0] if named else urlsplit(row.issuer).hostname or row.provider
