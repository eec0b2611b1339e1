"""Personal tokens as a resource: made and listed by people who are signed in, not by tokens."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from flask import Response as FlaskResponse
from msgspec import Meta
from spectree import Response

from moviepoint.domains.accounts import queries, tokens
from moviepoint.domains.accounts.permissions import permissions, site_locales
from moviepoint.domains.accounts.token_model import ApiToken
from moviepoint.domains.accounts.viewer import in_person, signed_in
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("tokens", __name__)


class TokenInfo(msgspec.Struct, kw_only=True):
    """A token without its secret. `state` is valid, expired or revoked; `hint` is the secret's last letters."""

    id: int
    name: str
    hint: str
    read_only: bool
    scopes: list[str]
    state: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class TokenMade(TokenInfo, kw_only=True):
    """A token just made: `token` is shown this once."""

    token: str


class TokenInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a token shall be: either `read_only`, or `scopes` as grants (`catalog.edit@ru`) that its owner has."""

    name: Annotated[str, Meta(max_length=80)]
    days: Annotated[int, Meta(ge=1, le=tokens.MAX_DAYS)] = 30
    read_only: bool = False
    scopes: list[str] = []


@resource.get("/tokens")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[TokenInfo]), tags=["tokens"])
def list_tokens(query: PageQuery) -> Page[TokenInfo]:
    """List one's own tokens, the newest first."""
    return paged(db.session(), tokens.own_tokens(in_person()), query, _infos)


@resource.get("/users/<int:user_id>/tokens")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[TokenInfo]), tags=["tokens"])
def list_tokens_of(user_id: int, query: PageQuery) -> Page[TokenInfo]:
    """List somebody's tokens, for who manages people."""
    statement = tokens.tokens_for(signed_in(), user_id)
    return paged(db.session(), statement.where(ApiToken.user_id == queries.user(db.session(), user_id).id), query,
                 _infos)


@resource.post("/tokens")
@in_language
@spec.validate(resp=Response(HTTP_200=TokenMade), tags=["tokens"])
def create_token(json: TokenInput) -> TokenMade:
    """Make a token; the answer is the only one that holds it."""
    with unit_of_work() as session:
        row, secret = tokens.create(session, in_person(), permissions(), site_locales(), name=json.name,
                                    days=json.days, read_only=json.read_only, scopes=json.scopes)
        return TokenMade(token=secret, **msgspec.structs.asdict(token_info(row)))


@resource.delete("/tokens/<int:token_id>")
def revoke_token(token_id: int) -> FlaskResponse:
    """Revoke one's own token, or anybody's when one manages people; a token may revoke itself."""
    with unit_of_work() as session:
        tokens.revoke(session, signed_in(), token_id)
    return FlaskResponse(status=204)


def token_info(row: ApiToken) -> TokenInfo:
    """Show a token: never its hash."""
    return TokenInfo(state=row.state(), **{name: getattr(row, name) for name in TokenInfo.__struct_fields__
                                           if name != "state"})


def _infos(rows: Sequence[ApiToken]) -> list[TokenInfo]:
    return [token_info(row) for row in rows]
