"""Where films lie, in words for editors."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.remote import work
from moviepoint.domains.media.remote.models import StoredPackage
from moviepoint.kernel.bucket import current_bucket
from moviepoint.kernel.i18n import gettext as _


def place_of(session: Session, edition: Edition) -> str:
    """Return in words where an edition's package lies; nothing on a site without a bucket, which asks no query."""
    if edition.package is None or current_bucket() is None:
        return ""
    row = session.scalar(select(StoredPackage).where(StoredPackage.package == edition.package))
    if row is None:
        return _("on the disk")
    if row.tries >= work.FAILING:
        return f"{_('on the disk')}: {reason(row.fault)}"
    return {"stored": _("on the disk and in the bucket"), "releasing": _("on the disk and in the bucket"),
            "released": _("in the bucket")}.get(row.state, _("on the disk, soon in the bucket"))


def reason(fault: str) -> str:
    """Return why packages are not moved, by the code of a fault."""
    return {"refused": _("the bucket refuses to take it"),
            "missing": _("there is no such bucket, or it has lost files"),
            "unlike": _("the bucket has other bytes than were sent"),
            "disk": _("the disk cannot be read or written")}.get(fault, _("the bucket does not answer"))


def bucket_figures(session: Session) -> Mapping[str, Any]:
    """Return bytes of films that only the bucket has, and how many cannot be moved there, with the reason."""
    if current_bucket() is None:
        return {"bucket": 0, "failing": 0, "reason": ""}
    held = session.scalar(select(func.coalesce(func.sum(StoredPackage.bytes), 0)).where(
        StoredPackage.state == "released"))
    failing, fault = work.failing(session)
    return {"bucket": int(held or 0), "failing": failing, "reason": reason(fault) if failing else ""}
