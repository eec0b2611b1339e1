"""History in the back office: the audit trail, an entity's revisions, and the way back."""
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import redirect, request
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from moviepoint.domains.history import queries, services, words
from moviepoint.hooks.types import ContentType
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Forbidden
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext
from moviepoint.shells.admin.content import content_type, content_types
from moviepoint.shells.admin.frame import View

READ = "history.read"
PAGE_SIZE = 50


class HistoryView(View):
    """Who wrote what and when. The whole trail needs a permission of its own; an entity's history its content's."""

    permission = "admin.access"

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("History"), endpoint="history", url="history")

    def is_visible(self) -> bool:
        """Stand in the menu for those who may read the whole trail; others come here from what they edit."""
        return bool(current_user.is_authenticated and current_user.may(READ))

    def render(self, template: str, **variables: Any) -> str:
        """Render with the words of history."""
        return str(super().render(template, kinds=content_types(), actions=words.ACTIONS, field_name=words.field_name,
                                  **variables))

    @expose("/")
    def index(self) -> Any:
        """Show all writes, the newest first, by what the filters ask for."""
        if not current_user.may(READ):
            raise Forbidden()
        wanted = {name: request.args.get(name, "").strip()[:80]
                  for name in ("entity", "action", "who", "since", "until")}
        statement = queries.trail(
            entity=wanted["entity"], action=wanted["action"], actor_name=wanted["who"], since=_day(wanted["since"]),
            until=_day(wanted["until"], after=1), before_id=_id(request.args.get("before")))
        rows = db.session().scalars(statement.limit(PAGE_SIZE + 1)).all()
        more = rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None
        return self.render("history/admin/trail.html", rows=rows[:PAGE_SIZE], wanted=wanted, more=more,
                           older=self.get_url(".index", **({k: v for k, v in wanted.items() if v} | {"before": more})))

    @expose("/<entity>/<int:entity_id>")
    def entity(self, entity: str, entity_id: int) -> Any:
        """Show an entity's revisions."""
        kind = self._kind(entity)
        rows = queries.of_entity(db.session(), entity, entity_id)
        return self.render("history/admin/entity.html", rows=rows, kind=kind, address=kind.address(entity_id))

    @expose("/revisions/<int:revision_id>")
    def revision(self, revision_id: int) -> Any:
        """Show what one write changed, by field and locale."""
        found = queries.revision(db.session(), revision_id)
        if not current_user.may(READ):
            self._kind(found.entity)
        kind = content_types().get(found.entity)
        return self.render(
            "history/admin/revision.html", revision=found,
            differences=[words.shown(change) for change in found.changes],
            item_words=words.item_words, address=kind.address(found.entity_id) if kind else "",
            restorable=kind is not None and found.document is not None and services.is_whole(found),
            deletion=services.is_deletion(found, kind))

    @expose("/revisions/<int:revision_id>/restore", methods=("POST",))
    def restore(self, revision_id: int) -> Response:
        """Bring an entity back to the state after a write."""
        found = queries.revision(db.session(), revision_id)
        kind = self._kind(found.entity)
        entity_id = found.entity_id
        with self.saving(_("Restored. The state before is kept in the history.")) as session:
            entity_id = services.restore(session, current_user, kind, queries.revision(session, revision_id))
        return redirect(self.get_url(".revision", revision_id=revision_id) if self.failure else kind.address(entity_id))

    def _kind(self, entity: str) -> ContentType:
        kind = content_type(entity)
        if not current_user.may_in_part(kind.permission):
            raise Forbidden()
        return kind


def _day(text: str, after: int = 0) -> datetime | None:
    """Return the beginning of a day, or of one `after` it; None for what is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=after) if text else None
    except (ValueError, OverflowError):
        return None


def _id(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
