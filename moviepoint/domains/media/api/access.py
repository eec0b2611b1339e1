"""Who may watch as a resource of the API: the rules of an edition and of its title, and links to watch by."""
from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from flask import current_app, url_for
from msgspec import Meta
from spectree import Response
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.viewer import signed_in
from moviepoint.domains.media import playback, watch_rules
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.watch_models import WatchLink
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import require
from moviepoint.shells.api import blueprint, spec

resource = blueprint("access", __name__)
Audience = Literal["", "public", "registered", "roles", "link"]


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """Who may watch what is published; `roles` are names. An empty audience is no rule of its own.

    `embeddable` lets other sites show the player; it holds for the audience `public` only.
    """

    audience: Audience = ""
    roles: Annotated[list[str], Meta(max_length=50)] = []
    embeddable: bool = False


class Access(msgspec.Struct, forbid_unknown_fields=True):
    """The edition's own rule, and that of its title, which holds for editions and episodes without one."""

    edition: Rule
    title: Rule


class AccessInput(msgspec.Struct, forbid_unknown_fields=True):
    """The rules to write; one that is left out stays."""

    edition: Rule | None = None
    title: Rule | None = None


class LinkInput(msgspec.Struct, forbid_unknown_fields=True):
    """A link to make: for how many days, and for whom."""

    days: Annotated[int, Meta(ge=1, le=watch_rules.LONGEST)]
    label: Annotated[str, Meta(max_length=80)] = ""


class LinkInfo(msgspec.Struct):
    """A link: `url` is the watch page for whoever has it; `open` is false once it is revoked or has expired."""

    id: str
    label: str
    url: str
    open: bool
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@resource.get("/editions/<public_id>/access")
@spec.validate(resp=Response(HTTP_200=Access), tags=["access"])
def get_access(public_id: str) -> Access:
    """Say who may watch an edition, to those who may change it."""
    return _access(db.session(), _managed(db.session(), public_id))


@resource.put("/editions/<public_id>/access")
@spec.validate(resp=Response(HTTP_200=Access), tags=["access"])
def put_access(public_id: str, json: AccessInput) -> Access:
    """Say who may watch an edition, or all of its title. What plays ends within seconds for who may not any more."""
    with unit_of_work() as session:
        edition = _managed(session, public_id)
        for rule, whole in ((json.edition, False), (json.title, True)):
            if rule is not None:
                watch_rules.save_rule(session, signed_in(), edition, whole=whole, audience=rule.audience,
                                      roles=rule.roles, embeddable=rule.embeddable)
        return _access(session, edition)


@resource.get("/editions/<public_id>/links")
@spec.validate(resp=Response(HTTP_200=list[LinkInfo]), tags=["access"])
def list_links(public_id: str) -> list[LinkInfo]:
    """List the links to an edition, the newest first."""
    session = db.session()
    edition = _managed(session, public_id)
    return [link_info(link, edition) for link in watch_rules.links_of(session, signed_in(), edition)]


@resource.post("/editions/<public_id>/links")
@spec.validate(resp=Response(HTTP_200=LinkInfo), tags=["access"])
def create_link(public_id: str, json: LinkInput) -> LinkInfo:
    """Make a link that lets whoever has it watch an edition that is published."""
    with unit_of_work() as session:
        edition = _managed(session, public_id)
        return link_info(watch_rules.make_link(session, signed_in(), edition, days=json.days, label=json.label),
                         edition)


@resource.delete("/editions/<public_id>/links/<link_id>")
@spec.validate(resp=Response(HTTP_200=LinkInfo), tags=["access"])
def revoke_link(public_id: str, link_id: str) -> LinkInfo:
    """Revoke a link; what plays by it ends within seconds."""
    with unit_of_work() as session:
        edition = _managed(session, public_id)
        return link_info(watch_rules.revoke_link(session, signed_in(), edition, link_id), edition)


def link_info(link: WatchLink, edition: Edition) -> LinkInfo:
    """Show a link with its address."""
    token = watch_rules.link_token(current_app.extensions["moviepoint.settings"].secret_key, link)
    return LinkInfo(link.public_id, link.label, url_for("watch.watch", edition=edition.public_id, link=token,
                                                        _external=True),
                    link.open, link.created_at, link.expires_at, link.revoked_at)


def _access(session: Session, edition: Edition) -> Access:
    return Access(*(msgspec.convert({"audience": rule.audience, "roles": list(rule.roles),
                                      "embeddable": rule.embeddable}, Rule) if rule else Rule()
                    for rule in watch_rules.rules_of(session, edition)))


def _managed(session: Session, public_id: str) -> Edition:
    require(signed_in(), watch_rules.MANAGE)
    return playback.load_edition(session, public_id)
