"""The tables of taking part."""
from __future__ import annotations

from moviepoint.domains.community.models.contributions import CONTRIBUTION_STATES, Contribution
from moviepoint.domains.community.models.imports import IMPORT_STATES, SOURCES, WORKING, Import, ImportRow
from moviepoint.domains.community.models.lists import DiaryEntry, ListItem, UserList
from moviepoint.domains.community.models.profiles import VISIBILITIES, EpisodeAnnouncement, Follow, Profile
from moviepoint.domains.community.models.progress import WatchPosition
from moviepoint.domains.community.models.ratings import Rating
from moviepoint.domains.community.models.reviews import (
    REPORT_REASONS,
    REVIEW_STATES,
    Review,
    ReviewReport,
    ReviewText,
    ReviewVote,
)

__all__ = [
    "CONTRIBUTION_STATES", "IMPORT_STATES", "REPORT_REASONS", "REVIEW_STATES", "SOURCES", "VISIBILITIES", "WORKING",
    "Contribution", "DiaryEntry", "EpisodeAnnouncement", "Follow", "Import", "ImportRow", "ListItem", "Profile",
    "Rating", "Review", "ReviewReport", "ReviewText", "ReviewVote", "UserList", "WatchPosition",
]
