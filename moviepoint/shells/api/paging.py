"""Paging as TMDB does it: page, results, total_pages, total_results."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

T = TypeVar("T")
MAX_PAGE = 10_000


class PageQuery(msgspec.Struct, kw_only=True):
    """The parameters that every list takes."""

    page: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 1
    page_size: Annotated[int, Meta(ge=1, le=100)] = 20
    language: str = ""


class Page(msgspec.Struct, Generic[T]):
    """One page of a list."""

    page: int
    results: list[T]
    total_pages: int
    total_results: int


def paged(session: Session, statement: Select[Any], query: PageQuery,
          show: Callable[[Sequence[Any]], list[T]]) -> Page[T]:
    """Run a select for one page and count the whole; `show` turns the page's rows into schemas at once."""
    counted = select(func.count()).select_from(statement.order_by(None).options().with_only_columns(
        *statement.selected_columns[:1], maintain_column_froms=True).subquery())
    total = session.scalar(counted) or 0
    rows = session.scalars(statement.limit(query.page_size).offset((query.page - 1) * query.page_size)).all()
    return Page(page=query.page, results=show(rows), total_pages=-(-total // query.page_size), total_results=total)
