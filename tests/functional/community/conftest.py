"""Short ways to titles of the sample catalogue."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Title


@pytest.fixture
def title_id(catalogue: Session) -> Callable[[str], int]:
    """Return a function that gives a title's id by its slug."""
    return lambda slug: catalogue.scalars(select(Title.id).where(Title.slug == slug)).one()


@pytest.fixture
def metropolis(title_id: Callable[[str], int]) -> int:
    return title_id("metropolis-1927")
