"""The edition page's panel of who may watch: its rules, and links to watch by."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import redirect, request
from flask_admin import expose
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import Role
from moviepoint.domains.media import watch_rules
from moviepoint.domains.media.api.access import LinkInfo, link_info
from moviepoint.domains.media.models import Edition
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.admin.frame import View


@dataclass(frozen=True)
class RuleForm:
    """A rule as the form shows it; an empty audience is none of its own."""

    whole: bool
    audience: str
    roles: tuple[str, ...]
    embeddable: bool = False


@dataclass(frozen=True)
class AccessPanel:
    """What the panel shows: the title's rule and the edition's, the words for audiences, roles, and links."""

    rules: tuple[RuleForm, ...]
    audiences: dict[str, str]
    roles: list[str]
    links: list[LinkInfo]


def panel(session: Session, edition: Edition) -> AccessPanel:
    """Return the panel of an edition, in three queries and one for an episode."""
    forms = []
    for whole, rule in reversed(list(enumerate(watch_rules.rules_of(session, edition)))):
        forms.append(RuleForm(bool(whole), rule.audience if rule else "public" if whole else "",
                              tuple(rule.roles if rule else ()), bool(rule and rule.embeddable)))
    links = [link_info(link, edition) for link in watch_rules.links_of(session, current_user, edition)]
    return AccessPanel(tuple(forms), audiences(), list(session.scalars(select(Role.name).order_by(Role.name))), links)


def audiences() -> dict[str, str]:
    """Return the words for audiences."""
    return {"": _("as the whole title"), "public": _("everybody"), "registered": _("who is signed in"),
            "roles": _("accounts with one of these roles"), "link": _("who has a link")}


class EditionVerbs(View):
    """What verbs on an edition have in common: the page that they are on."""

    def show(self, edition: Edition) -> Any:
        """Render the page, with what is wrong."""
        raise NotImplementedError


class AccessVerbs(EditionVerbs):
    """What the edition's page does about who may watch; `EditionsView` is the page."""

    @expose("/<int:edition_id>/access", methods=("POST",))
    def access(self, edition_id: int) -> Any:
        """Save the rule of the edition, or of its whole title."""
        with self.saving(_("Saved.")) as session:
            watch_rules.save_rule(session, current_user, find(session, edition_id),
                                  whole=request.form.get("whole") == "1", audience=request.form.get("audience", ""),
                                  roles=request.form.getlist("roles"),
                                  embeddable=request.form.get("embeddable") == "1")
        return self._after(edition_id)

    @expose("/<int:edition_id>/links", methods=("POST",))
    def make_link(self, edition_id: int) -> Any:
        """Make a link to watch by."""
        days = request.form.get("days", "")
        with self.saving(_("The link is made.")) as session:
            watch_rules.make_link(session, current_user, find(session, edition_id),
                                  days=int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0,
                                  label=request.form.get("label", ""))
        return self._after(edition_id)

    @expose("/<int:edition_id>/links/<link_id>/revoke", methods=("POST",))
    def revoke_link(self, edition_id: int, link_id: str) -> Any:
        """Revoke a link."""
        with self.saving(_("The link is revoked.")) as session:
            watch_rules.revoke_link(session, current_user, find(session, edition_id), link_id)
        return self._after(edition_id)

    def _after(self, edition_id: int) -> Any:
        if self.failure is None:
            return redirect(self.get_url(".detail", edition_id=edition_id, _anchor="access"))
        return self.show(find(db.session(), edition_id))


def find(session: Session, edition_id: int) -> Edition:
    """Return an edition. Raises NotFound."""
    edition = session.get(Edition, edition_id)
    if edition is None:
        raise NotFound()
    return edition
