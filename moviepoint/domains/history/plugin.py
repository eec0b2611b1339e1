"""What history adds."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from moviepoint.domains.history import queries, words
from moviepoint.domains.history.admin import READ, HistoryView
from moviepoint.domains.history.api import resource
from moviepoint.hooks import hookimpl
from moviepoint.hooks.types import AdminPanel, AdminView, ApiResource, Permission
from moviepoint.kernel.i18n import lazy_gettext


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return [Permission(READ, lazy_gettext("Read the audit trail"))]


@hookimpl
def register_admin_views() -> Sequence[AdminView]:
    return [AdminView(HistoryView, lazy_gettext("System"), order=80)]


@hookimpl
def register_admin_panels() -> Sequence[AdminPanel]:
    return [AdminPanel("history/admin/panel.html", lately, READ)]


@hookimpl
def register_api_resources() -> Sequence[ApiResource]:
    return [ApiResource("revisions", resource)]


def lately(session: Session) -> Mapping[str, Any]:
    """Return the last writes, for the back office's first page."""
    return {"rows": session.scalars(queries.trail().limit(8)).all(), "actions": words.ACTIONS}
