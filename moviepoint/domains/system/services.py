"""Writes of what is set while the site runs."""
from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from moviepoint.domains.system.models import SiteSetting


def set_site_setting(session: Session, name: str, value: Any) -> None:
    """Set one setting; `value` is anything that JSON holds."""
    row = session.get(SiteSetting, name)
    if row is None:
        session.add(SiteSetting(name=name, value=value))
    else:
        row.value = value
