"""Who may see and write the catalogue."""
from __future__ import annotations

import msgspec
from msgspec import UNSET
from sqlalchemy import Select, or_, true
from sqlalchemy.sql import ColumnElement

from moviepoint.domains.catalog.models import Title
from moviepoint.kernel.policies import Actor, require

EDIT = "catalog.edit"
PUBLISH = "catalog.publish"


def sees_drafts(viewer: Actor | None) -> bool:
    """Say whether a viewer sees what others have not published."""
    return viewer is not None and (viewer.may(EDIT) or viewer.may_in_part(PUBLISH) or _translates(viewer))


def visible(viewer: Actor | None) -> ColumnElement[bool]:
    """Return the condition under which a viewer sees a title: not in the bin, and public, or theirs, or any."""
    kept = Title.deleted_at.is_(None)
    if sees_drafts(viewer):
        return kept
    if viewer is not None and viewer.id is not None and viewer.may(EDIT, own=True):
        return kept & or_(Title.status == "published", Title.added_by_id == viewer.id)
    return kept & (Title.status == "published")


def in_bin(viewer: Actor) -> ColumnElement[bool]:
    """Return the condition under which a viewer sees a title in the bin: an editor all, others their own."""
    return Title.deleted_at.is_not(None) & (true() if viewer.may(EDIT) else Title.added_by_id == viewer.id)


def scope(statement: Select[Title], viewer: Actor | None) -> Select[Title]:
    """Restrict a select of titles to those that a viewer sees."""
    return statement.where(visible(viewer))


def owns(actor: Actor, title: Title) -> bool:
    """Say whether an actor has added a title."""
    return actor.id is not None and title.added_by_id == actor.id


def may_write(actor: Actor, title: Title | None) -> bool:
    """Say whether an actor may write all of a title, or enter a new one."""
    return actor.may(EDIT, own=title is None or owns(actor, title))


def require_title(actor: Actor, title: Title, data: msgspec.Struct) -> None:
    """Let a title be written by its editors and, in their locales, by translators; raise Forbidden otherwise."""
    if not actor.may(EDIT, own=owns(actor, title)):
        require_texts(actor, data)


def require_texts(actor: Actor, data: msgspec.Struct) -> None:
    """Let a translator write texts in their own locales and nothing else; raise Forbidden otherwise."""
    given = {name for name in data.__struct_fields__ if getattr(data, name) is not UNSET} - {"version"}
    texts = getattr(data, "texts", UNSET)
    if given == {"texts"} and texts is not UNSET and all(actor.may(EDIT, locale=locale) for locale in texts):
        return
    require(actor, EDIT)


def _translates(viewer: Actor) -> bool:
    return viewer.may_in_part(EDIT) and not viewer.may(EDIT, own=True)
