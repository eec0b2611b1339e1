"""What titles are sorted by: genres, keywords, companies, collections. Each has a slug and names by locale."""
from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from moviepoint.domains.catalog.models.base import TextRow
from moviepoint.kernel.db import Base


class Genre(Base):
    """A genre; its slug is its name in addresses and in the search index."""

    __tablename__ = "genres"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)

    texts: Mapped[list[GenreText]] = relationship(
        back_populates="genre", cascade="all, delete-orphan", lazy="selectin")

    def __str__(self) -> str:
        return self.slug


class GenreText(TextRow, Base):
    __tablename__ = "genre_texts"
    __table_args__ = (UniqueConstraint("genre_id", "locale"),)

    genre_id: Mapped[int] = mapped_column(ForeignKey("genres.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))

    genre: Mapped[Genre] = relationship(back_populates="texts")


class TitleGenre(Base):
    __tablename__ = "title_genres"

    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    genre_id: Mapped[int] = mapped_column(ForeignKey("genres.id", ondelete="CASCADE"), primary_key=True, index=True)


class Keyword(Base):
    """A free word that titles share: "based on a novel", "Mars"."""

    __tablename__ = "keywords"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)

    texts: Mapped[list[KeywordText]] = relationship(
        back_populates="keyword", cascade="all, delete-orphan", lazy="selectin")

    def __str__(self) -> str:
        return self.slug


class KeywordText(TextRow, Base):
    __tablename__ = "keyword_texts"
    __table_args__ = (UniqueConstraint("keyword_id", "locale"),)

    keyword_id: Mapped[int] = mapped_column(ForeignKey("keywords.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))

    keyword: Mapped[Keyword] = relationship(back_populates="texts")


class TitleKeyword(Base):
    __tablename__ = "title_keywords"

    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    keyword_id: Mapped[int] = mapped_column(ForeignKey("keywords.id", ondelete="CASCADE"), primary_key=True, index=True)


class Company(Base):
    """A studio, distributor or broadcaster."""

    __tablename__ = "companies"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    country: Mapped[str] = mapped_column(String(4), default="")  # ISO 3166-1

    texts: Mapped[list[CompanyText]] = relationship(
        back_populates="company", cascade="all, delete-orphan", lazy="selectin")

    def __str__(self) -> str:
        return self.slug


class CompanyText(TextRow, Base):
    __tablename__ = "company_texts"
    __table_args__ = (UniqueConstraint("company_id", "locale"),)

    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))

    company: Mapped[Company] = relationship(back_populates="texts")


class Collection(Base):
    """Titles that belong together, in an order: a trilogy, a retrospective."""

    __tablename__ = "collections"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)

    texts: Mapped[list[CollectionText]] = relationship(
        back_populates="collection", cascade="all, delete-orphan", lazy="selectin")
    items: Mapped[list[CollectionItem]] = relationship(
        cascade="all, delete-orphan", order_by="CollectionItem.position")

    def __str__(self) -> str:
        return self.slug


class CollectionText(TextRow, Base):
    __tablename__ = "collection_texts"
    __table_args__ = (UniqueConstraint("collection_id", "locale"),)

    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    overview: Mapped[str] = mapped_column(Text, default="")

    collection: Mapped[Collection] = relationship(back_populates="texts")


class CollectionItem(Base):
    __tablename__ = "collection_items"
    __table_args__ = (UniqueConstraint("collection_id", "title_id"),
                      Index("ix_collection_items_collection_id_position", "collection_id", "position"))

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
