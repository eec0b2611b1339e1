"""Films, series, seasons, episodes, people, credits, pictures, and their texts by locale.

They stand in one file because they refer to each other. A text is one row per (entity, locale); the entity itself
holds only what no language changes.
"""
from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from moviepoint.domains.catalog.models.base import TextRow, Timestamps
from moviepoint.domains.catalog.models.details import AlternativeTitle, ExternalId, Extra, Release, TitleCompany
from moviepoint.domains.catalog.models.terms import Genre, Keyword
from moviepoint.kernel.db import Base, UtcDateTime

TitleKind = Literal["film", "series"]
Status = Literal["draft", "in_review", "scheduled", "published", "archived"]
ImageKind = Literal["poster", "backdrop", "still", "portrait"]
KINDS = ("film", "series")
STATUSES = ("draft", "in_review", "scheduled", "published", "archived")


class Title(Timestamps, Base):
    """A film or a series.

    `publish_at` and `unpublish_at` are when a task will change its status; `deleted_at` is when it went to the bin,
    from where it comes back as a draft. `locks` name fields that imports leave alone: "year", "overview@ru".
    """

    __tablename__ = "titles"
    __table_args__ = (
        CheckConstraint("kind in ('film', 'series')", name="kind"),
        CheckConstraint("status in ('draft', 'in_review', 'scheduled', 'published', 'archived')", name="status"),
        Index("ix_titles_status_published_at", "status", "published_at"),
        Index("ix_titles_kind_status_year", "kind", "status", "year"),
        Index("ix_titles_status_year_id", "status", "year", "id"),
        Index("ix_titles_deleted_at_id", "deleted_at", "id"),
        # the orders of the back office's list: a page of a hundred thousand titles sorts nothing
        *(Index(f"ix_titles_deleted_at_{column}_id", "deleted_at", column, "id")
          for column in ("original_title", "published_at", "updated_at", "year")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    original_title: Mapped[str] = mapped_column(String(300))
    original_language: Mapped[str] = mapped_column(String(35), default="und")
    year: Mapped[int | None] = mapped_column(index=True)
    end_year: Mapped[int | None]
    runtime: Mapped[int | None]  # minutes
    countries: Mapped[str] = mapped_column(String(120), default="")  # ISO 3166-1 codes, "FR DE"
    status: Mapped[str] = mapped_column(String(10), default="draft")
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    publish_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    unpublish_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    locks: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    version: Mapped[int] = mapped_column(default=1)

    texts: Mapped[list[TitleText]] = relationship(back_populates="title", cascade="all, delete-orphan")
    genres: Mapped[list[Genre]] = relationship(secondary="title_genres", order_by="Genre.slug")
    keywords: Mapped[list[Keyword]] = relationship(secondary="title_keywords", order_by="Keyword.slug")
    credits: Mapped[list[Credit]] = relationship(
        back_populates="title", cascade="all, delete-orphan", order_by="Credit.position")
    seasons: Mapped[list[Season]] = relationship(
        back_populates="title", cascade="all, delete-orphan", order_by="Season.number")
    images: Mapped[list[Image]] = relationship(
        back_populates="title", cascade="all, delete-orphan", order_by="Image.position")
    companies: Mapped[list[TitleCompany]] = relationship(
        cascade="all, delete-orphan", order_by="TitleCompany.position")
    releases: Mapped[list[Release]] = relationship(cascade="all, delete-orphan", order_by="Release.position")
    alternative_titles: Mapped[list[AlternativeTitle]] = relationship(
        cascade="all, delete-orphan", order_by="AlternativeTitle.position")
    extras: Mapped[list[Extra]] = relationship(cascade="all, delete-orphan", order_by="Extra.position")
    external_ids: Mapped[list[ExternalId]] = relationship(cascade="all, delete-orphan", order_by="ExternalId.scheme")

    __mapper_args__ = {"version_id_col": version}

    def __str__(self) -> str:
        return f"{self.original_title} ({self.year})" if self.year else self.original_title


class TitleText(TextRow, Base):
    """A title's texts in one locale."""

    __tablename__ = "title_texts"
    __table_args__ = (UniqueConstraint("title_id", "locale"),)

    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(300), default="")
    tagline: Mapped[str] = mapped_column(String(300), default="")
    overview: Mapped[str] = mapped_column(Text, default="")

    title: Mapped[Title] = relationship(back_populates="texts")


class Season(Timestamps, Base):
    """A season of a series; number 0 holds specials."""

    __tablename__ = "seasons"
    __table_args__ = (UniqueConstraint("title_id", "number"), CheckConstraint("number >= 0", name="number"))

    id: Mapped[int] = mapped_column(primary_key=True)
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    number: Mapped[int]

    title: Mapped[Title] = relationship(back_populates="seasons")
    texts: Mapped[list[SeasonText]] = relationship(back_populates="season", cascade="all, delete-orphan")
    episodes: Mapped[list[Episode]] = relationship(
        back_populates="season", cascade="all, delete-orphan", order_by="Episode.number")

    def __str__(self) -> str:
        return f"S{self.number:02d}"


class SeasonText(TextRow, Base):
    __tablename__ = "season_texts"
    __table_args__ = (UniqueConstraint("season_id", "locale"),)

    season_id: Mapped[int] = mapped_column(ForeignKey("seasons.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(300), default="")
    overview: Mapped[str] = mapped_column(Text, default="")

    season: Mapped[Season] = relationship(back_populates="texts")


class Episode(Timestamps, Base):
    """An episode of a season.

    `absolute_number` counts through all seasons; a special may say before which season and episode it belongs.
    """

    __tablename__ = "episodes"
    __table_args__ = (UniqueConstraint("season_id", "number"), CheckConstraint("number >= 0", name="number"))

    id: Mapped[int] = mapped_column(primary_key=True)
    season_id: Mapped[int] = mapped_column(ForeignKey("seasons.id", ondelete="CASCADE"))
    number: Mapped[int]
    original_title: Mapped[str] = mapped_column(String(300), default="")
    runtime: Mapped[int | None]  # minutes
    air_date: Mapped[date | None]
    absolute_number: Mapped[int | None]
    airs_before_season: Mapped[int | None]
    airs_before_episode: Mapped[int | None]

    season: Mapped[Season] = relationship(back_populates="episodes")
    texts: Mapped[list[EpisodeText]] = relationship(back_populates="episode", cascade="all, delete-orphan")

    def __str__(self) -> str:
        return f"E{self.number:02d} {self.original_title}".strip()


class EpisodeText(TextRow, Base):
    __tablename__ = "episode_texts"
    __table_args__ = (UniqueConstraint("episode_id", "locale"),)

    episode_id: Mapped[int] = mapped_column(ForeignKey("episodes.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(300), default="")
    overview: Mapped[str] = mapped_column(Text, default="")

    episode: Mapped[Episode] = relationship(back_populates="texts")


class Person(Timestamps, Base):
    """Somebody who made or played in a title; `name` is how they are credited in Latin script or originally."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    birth_year: Mapped[int | None]
    death_year: Mapped[int | None]
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    texts: Mapped[list[PersonText]] = relationship(back_populates="person", cascade="all, delete-orphan")
    credits: Mapped[list[Credit]] = relationship(back_populates="person", cascade="all, delete-orphan")
    external_ids: Mapped[list[ExternalId]] = relationship(cascade="all, delete-orphan", order_by="ExternalId.scheme")

    __mapper_args__ = {"version_id_col": version}

    def __str__(self) -> str:
        return self.name


class PersonText(TextRow, Base):
    __tablename__ = "person_texts"
    __table_args__ = (UniqueConstraint("person_id", "locale"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200), default="")
    biography: Mapped[str] = mapped_column(Text, default="")

    person: Mapped[Person] = relationship(back_populates="texts")


class Credit(Base):
    """A person's part in a title: department "acting" with a character, or another with a job.

    A guest plays in single episodes of a series.
    """

    __tablename__ = "credits"
    __table_args__ = (Index("ix_credits_title_id_position", "title_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    department: Mapped[str] = mapped_column(String(40), default="acting")
    job: Mapped[str] = mapped_column(String(80), default="")
    character: Mapped[str] = mapped_column(String(200), default="")
    guest: Mapped[bool] = mapped_column(default=False, server_default="0")
    position: Mapped[int] = mapped_column(default=0)

    title: Mapped[Title] = relationship(back_populates="credits")
    person: Mapped[Person] = relationship(back_populates="credits")


class Image(Timestamps, Base):
    """A picture of a title, season, episode or person; `key` is its folder on storage, one file per size."""

    __tablename__ = "images"
    __table_args__ = (
        CheckConstraint("kind in ('poster', 'backdrop', 'still', 'portrait')", name="kind"),
        Index("ix_images_title_id_kind", "title_id", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title_id: Mapped[int | None] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    season_id: Mapped[int | None] = mapped_column(ForeignKey("seasons.id", ondelete="CASCADE"), index=True)
    episode_id: Mapped[int | None] = mapped_column(ForeignKey("episodes.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    locale: Mapped[str] = mapped_column(String(35), default="")  # empty: no text in the picture
    key: Mapped[str] = mapped_column(String(120))  # "images/ab12…"
    width: Mapped[int]  # pixels of the largest size kept
    height: Mapped[int]
    placeholder: Mapped[str] = mapped_column(String(7), default="#333333")  # mean colour, shown while loading
    focal_x: Mapped[int] = mapped_column(default=50, server_default="50")  # per cent of the width, from the left
    focal_y: Mapped[int] = mapped_column(default=50, server_default="50")  # per cent of the height, from the top
    alt: Mapped[str] = mapped_column(String(300), default="")
    position: Mapped[int] = mapped_column(default=0)

    title: Mapped[Title | None] = relationship(back_populates="images")
