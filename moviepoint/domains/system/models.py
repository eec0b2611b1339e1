"""What operators and editors set while the site runs."""
from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from moviepoint.kernel.db import Base


class SiteSetting(Base):
    """One setting of the running site, such as its theme."""

    __tablename__ = "site_settings"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
