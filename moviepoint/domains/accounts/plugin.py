"""What accounts adds."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from moviepoint.domains.accounts import (
    account_pages,
    api,
    identity_api,
    invitation_api,
    invitation_pages,
    invitations,
    notice_api,
    notice_mail,
    notice_pages,
    notices,
    openid_pages,
    security_notices,
    session_api,
    token_api,
    token_pages,
)
from moviepoint.domains.accounts.admin import RolesView, UsersView
from moviepoint.domains.accounts.cli import user_group
from moviepoint.domains.accounts.invitation_admin import InvitationsView
from moviepoint.domains.accounts.management import MANAGE
from moviepoint.domains.accounts.session_tasks import forget_sessions
from moviepoint.domains.accounts.tasks import send_invitation, send_invitations, send_mail
from moviepoint.hooks import hookimpl
from moviepoint.hooks.types import (
    AdminPanel,
    AdminView,
    ApiResource,
    Command,
    NoticeKind,
    Pages,
    Permission,
    SlotFill,
    Task,
)
from moviepoint.kernel.i18n import lazy_gettext


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return [Permission("admin.access", lazy_gettext("Enter the back office"),
                       ("administrator", "editor", "translator", "moderator", "contributor")),
            Permission(MANAGE, lazy_gettext("Manage users and roles"))]


@hookimpl
def register_admin_views() -> Sequence[AdminView]:
    group = lazy_gettext("People and permissions")
    return [AdminView(UsersView, group, order=70), AdminView(InvitationsView, group, order=71),
            AdminView(RolesView, group, order=72)]


@hookimpl
def register_api_resources() -> Sequence[ApiResource]:
    return [ApiResource("users", api.users), ApiResource("roles", api.roles),
            ApiResource("invitations", invitation_api.resource), ApiResource("tokens", token_api.resource),
            ApiResource("sessions", session_api.resource), ApiResource("identities", identity_api.resource),
            ApiResource("notices", notice_api.resource)]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [Pages(account_pages.pages), Pages(invitation_pages.pages), Pages(token_pages.pages),
            Pages(notice_pages.pages), Pages(notice_pages.stops),
            Pages(openid_pages.pages), Pages(openid_pages.returns, localised=False)]


@hookimpl
def register_slot_fills() -> Sequence[SlotFill]:
    return [SlotFill("account.menu", "accounts/site/menu.html")]


@hookimpl
def register_tasks() -> Sequence[Task]:
    return [Task("accounts.mail", send_mail, retries=8, retry_after=timedelta(minutes=5)),
            Task(invitations.SEND, send_invitation),
            Task("accounts.invitations", send_invitations, every=timedelta(minutes=5)),
            Task(notices.SEND, notice_mail.send_notice),
            Task("accounts.notices", notice_mail.send_waiting, every=timedelta(minutes=5)),
            Task("accounts.sessions", forget_sessions, every=timedelta(hours=6))]


@hookimpl
def register_commands() -> Sequence[Command]:
    return [Command(user_group)]


@hookimpl
def register_admin_panels() -> Sequence[AdminPanel]:
    return [AdminPanel("accounts/admin/mail.html", notice_mail.mail_figures, MANAGE, order=200)]


@hookimpl
def register_notices() -> Sequence[NoticeKind]:
    return [security_notices.NOTICE]
