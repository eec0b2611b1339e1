"""People and roles in the back office."""
from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from flask import Response as FlaskResponse
from flask import redirect, request
from flask_admin import expose
from flask_login import current_user
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from moviepoint.domains.accounts import management, queries, tokens
from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.accounts.permissions import permissions, site_locales
from moviepoint.domains.accounts.services import ROLES
from moviepoint.domains.accounts.signin_admin import SignInActions, sign_in_facts
from moviepoint.domains.history.queries import trail
from moviepoint.domains.history.words import ACTIONS
from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext
from moviepoint.shells.admin.frame import View

PAGE_SIZE = 50
ACTIVE = {"yes": True, "no": False}


class UsersView(SignInActions):
    """List people, and change what they may do."""

    permission = management.MANAGE

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Users"), endpoint="users", url="users")

    @expose("/")
    def index(self) -> Any:
        """List users by name or address, role, and whether they can sign in."""
        session, args = db.session(), request.args
        wanted = {name: args.get(name, "").strip()[:100] for name in ("q", "role", "active")}
        statement = queries.users(text=wanted["q"], role=wanted["role"], active=ACTIVE.get(wanted["active"]))
        total = session.scalar(select(func.count()).select_from(
            statement.order_by(None).with_only_columns(User.id).subquery())) or 0
        text = args.get("page", "1")
        page = min(max(1, int(text)), 10_000) if text.isascii() and text.isdigit() and len(text) < 7 else 1
        rows = session.scalars(statement.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all()
        return self.render("accounts/admin/users.html", rows=rows, total=total, wanted=wanted, page=page,
                           pages=ceil(total / PAGE_SIZE), roles=[role.name for role, _people in queries.roles(session)],
                           address=lambda n: self.get_url(".index", **(args.to_dict() | {"page": n})))

    @expose("/<int:user_id>", methods=("GET", "POST"))
    def edit(self, user_id: int) -> Any:
        """Show a user, and change their name, roles, and whether they can sign in."""
        session = db.session()
        if request.method == "POST":
            with self.saving(_("Saved.")) as work:
                management.change_user(work, current_user, user_id, name=request.form.get("name", ""),
                                       active=bool(request.form.get("active")), roles=request.form.getlist("roles"))
            if self.failure is None:
                return redirect(self.get_url(".edit", user_id=user_id))
        user = queries.user(session, user_id)
        page = self.render("accounts/admin/user.html", user=user, actions=ACTIONS, **sign_in_facts(session, user),
                           tokens=session.scalars(tokens.tokens_for(current_user, user_id).limit(PAGE_SIZE)).all(),
                           roles=[role.name for role, _people in queries.roles(session)],
                           writes=session.scalars(trail(actor_id=user_id).limit(10)).all())
        return FlaskResponse(page, status=self.failure.status if request.method == "POST" and self.failure else 200)

    @expose("/<int:user_id>/tokens/<int:token_id>/revoke", methods=("POST",))
    def revoke_token(self, user_id: int, token_id: int) -> Response:
        """Revoke one of a user's API tokens."""
        with self.saving(_("Revoked.")) as session:
            tokens.revoke(session, current_user, token_id)
        return redirect(self.get_url(".edit", user_id=user_id))


class Sheet:
    """The matrix as somebody has filled it in: what is ticked, and what was there when they looked, by role id."""

    def __init__(self, roles: Sequence[tuple[Role, int]], form: MultiDict[str, str]) -> None:
        """Read a form; a role whose column is not in it has what it has."""
        possible = set(management.possible_grants(permissions(), site_locales()))
        self.shown = [role for role, _people in roles if form.get(f"shown:{role.id}")]
        self.mine = {role.id: set(role.permissions) for role, _people in roles}
        self.was: dict[int, set[str] | None] = dict(self.mine)
        self.news: list[tuple[str, list[str], list[str]]] = []  # (role, added, taken away) by somebody else
        for role in self.shown:
            was = form.get(f"was:{role.id}")
            self.was[role.id] = None if was is None else set(was.split())
            # What a plugin has brought that is switched off just now has no box, and stays.
            hidden = set(role.permissions if was is None else was.split()) - possible
            self.mine[role.id] = hidden | set(form.getlist(f"grant:{role.id}"))

    def rebase(self, roles: Sequence[tuple[Role, int]]) -> None:
        """Bring what is ticked together with what others have saved, for somebody to look at and save again."""
        for role, _people in roles:
            theirs, was = set(role.permissions), self.was.get(role.id)
            if was is not None and was != theirs:
                self.news.append((role.name, sorted(theirs - was), sorted(was - theirs)))
                self.mine[role.id] = management.merged(was, self.mine[role.id], theirs)
            self.mine.setdefault(role.id, theirs)
            self.was[role.id] = theirs


class RolesView(View):
    """What roles allow, as a matrix: permissions in rows, roles in columns."""

    permission = management.MANAGE

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Roles"), endpoint="roles", url="roles")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Show and save what each role allows."""
        sheet = Sheet(queries.roles(db.session()), request.form)
        if request.method == "POST":
            with self.saving(_("Saved.")) as work:
                for role in sheet.shown:
                    management.set_grants(work, current_user, permissions(), site_locales(), role.id,
                                          sheet.mine[role.id], sheet.was[role.id])
            if self.failure is None:
                return redirect(self.get_url(".index"))
            sheet.rebase(queries.roles(db.session()))
        page = self.render("accounts/admin/roles.html", roles=queries.roles(db.session()), standard=ROLES, sheet=sheet,
                           permissions=permissions(), locales=site_locales())
        return FlaskResponse(page, status=self.failure.status if request.method == "POST" and self.failure else 200)

    @expose("/new", methods=("POST",))
    def new(self) -> Response:
        """Make a role."""
        with self.saving(_("Saved.")) as session:
            management.save_role(session, current_user, request.form.get("name", ""))
        return redirect(self.get_url(".index"))

    @expose("/<int:role_id>/delete", methods=("POST",))
    def delete(self, role_id: int) -> Response:
        """Delete a role that nobody has."""
        with self.saving(_("Deleted.")) as session:
            management.delete_role(session, current_user, role_id)
        return redirect(self.get_url(".index"))
