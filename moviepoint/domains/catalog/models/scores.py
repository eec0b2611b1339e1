"""What viewers think of a title, summed up, so that lists sort by it without counting votes."""
from __future__ import annotations

from sqlalchemy import JSON, Float, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from moviepoint.kernel.db import Base


class TitleScore(Base):
    """A title's ratings in one row, kept by whoever takes them in; a title without it has none.

    `counts` are the ratings of 1 to 10, `score` the weighted mean that lists are sorted by: few votes pull it to the
    mean of the whole site.
    """

    __tablename__ = "title_scores"
    __table_args__ = (Index("ix_title_scores_score_title_id", "score", "title_id"),)

    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    votes: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    counts: Mapped[list[int]] = mapped_column(JSON, default=lambda: [0] * 10)
    score: Mapped[float] = mapped_column(Float, default=0.0)

    @property
    def mean(self) -> float:
        """The plain mean; 0 without votes."""
        return self.total / self.votes if self.votes else 0.0
