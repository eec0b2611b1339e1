"""Reads of what is set while the site runs."""
from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.system.models import SiteSetting


def site_setting(session: Session, name: str, default: Any = None) -> Any:
    """Return one setting's value, or the default where it was never set."""
    value = session.scalar(select(SiteSetting.value).where(SiteSetting.name == name))
    return default if value is None else value
