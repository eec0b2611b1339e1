"""The ordered lists of a title: companies, releases, alternative titles, extras, and ids elsewhere."""
from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from moviepoint.domains.catalog.models.base import Detail
from moviepoint.domains.catalog.models.terms import Company
from moviepoint.kernel.db import Base

COMPANY_ROLES = ("production", "distribution", "broadcast")
RELEASE_KINDS = ("premiere", "limited", "theatrical", "digital", "physical", "tv")
EXTRA_KINDS = ("trailer", "teaser", "clip", "featurette", "interview", "behind_the_scenes", "deleted_scene")


class TitleCompany(Detail, Base):
    """A company's part in a title."""

    __tablename__ = "title_companies"
    __table_args__ = (CheckConstraint("role in ('production', 'distribution', 'broadcast')", name="role"),)

    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(20), default="production")

    company: Mapped[Company] = relationship()


class Release(Detail, Base):
    """A release in a country: how and when it came out, and who was let in."""

    __tablename__ = "releases"
    __table_args__ = (
        CheckConstraint("kind in ('premiere', 'limited', 'theatrical', 'digital', 'physical', 'tv')", name="kind"),)

    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)
    country: Mapped[str] = mapped_column(String(4))  # ISO 3166-1
    kind: Mapped[str] = mapped_column(String(20), default="theatrical")
    date: Mapped[date | None]
    certification: Mapped[str] = mapped_column(String(20), default="")  # as the country writes it: "PG-13", "16+"
    minimum_age: Mapped[int | None]  # years
    note: Mapped[str] = mapped_column(String(200), default="")


class AlternativeTitle(Detail, Base):
    """Another name under which a title is known and sought."""

    __tablename__ = "alternative_titles"

    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(300))
    locale: Mapped[str] = mapped_column(String(35), default="")
    country: Mapped[str] = mapped_column(String(4), default="")
    note: Mapped[str] = mapped_column(String(100), default="")  # "working title"


class Extra(Detail, Base):
    """A trailer or another extra that lies elsewhere."""

    __tablename__ = "extras"
    __table_args__ = (CheckConstraint(
        "kind in ('trailer', 'teaser', 'clip', 'featurette', 'interview', 'behind_the_scenes', 'deleted_scene')",
        name="kind"),)

    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20), default="trailer")
    name: Mapped[str] = mapped_column(String(200), default="")
    locale: Mapped[str] = mapped_column(String(35), default="")
    url: Mapped[str] = mapped_column(String(500))


class ExternalId(Base):
    """What a title or person is called in somebody else's catalogue: scheme "imdb", value "tt0017136"."""

    __tablename__ = "external_ids"
    __table_args__ = (
        Index("ix_external_ids_scheme_value", "scheme", "value"),
        CheckConstraint("(title_id is null) <> (person_id is null)", name="owner"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title_id: Mapped[int | None] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    scheme: Mapped[str] = mapped_column(String(30))
    value: Mapped[str] = mapped_column(String(100))
