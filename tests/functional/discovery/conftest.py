"""A film of the sample catalogue that can be watched."""
from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.media.models import AudioTrack, Edition, Mark, VideoRendition
from moviepoint.domains.media.watch_models import WatchRule
from moviepoint.kernel.db import unit_of_work


@pytest.fixture
def title(catalogue: Session) -> Callable[[str], Title]:
    """Return a function that gives a title by its slug."""
    return lambda slug: catalogue.scalars(select(Title).where(Title.slug == slug)).one()


@pytest.fixture
def watchable(catalogue: Session) -> Callable[..., Edition]:
    """Return a function that gives a title or an episode something to watch."""

    def make(slug: str = "nosferatu-eine-symphonie-des-grauens-1922", *, audience: str = "public",
             embeddable: bool = False, episode: bool = False) -> Edition:
        with unit_of_work() as work:
            title = work.scalars(select(Title).where(Title.slug == slug)).one()
            part = work.scalars(select(Episode).join(Season).where(
                Season.title_id == title.id, Season.number == 2, Episode.number == 1)).one() if episode else None
            edition = Edition(title_id=None if part else title.id, episode_id=part.id if part else None,
                              package="packages/x", duration_ms=5_400_500,
                              published_at=datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))
            edition.audio = [AudioTrack(path="audio_de", language="de", codec="mp4a.40.2", channels=2,
                                        average_bandwidth=128_000, peak_bandwidth=140_000)]
            edition.video = [VideoRendition(path="stream_0", width=1280, height=720, codec="avc1.64001f",
                                            frame_rate=24.0, average_bandwidth=2_000_000, peak_bandwidth=2_500_000)]
            edition.marks = [Mark(kind="chapter", label="Act <1>", start_ms=0),
                             Mark(kind="intro", label="", start_ms=1_000, end_ms=9_000),
                             Mark(kind="chapter", label="Act 2", start_ms=2_700_400)]
            work.add(edition)
            work.flush()
            work.add(WatchRule(edition_id=edition.id, audience=audience, embeddable=embeddable))
        return edition

    return make
