"""Writes of the catalogue. Each verb checks its policy, keeps the rules, writes history and records an event.

All take `session` and `actor` first and do not commit. Input structs leave out what is to stay.
"""
from __future__ import annotations

from moviepoint.domains.catalog.services.common import find
from moviepoint.domains.catalog.services.desk import (
    act,
    delete_view,
    find_run,
    save_view,
    set_cell,
    start_run,
    stop_run,
    work_on,
)
from moviepoint.domains.catalog.services.lifecycle import (
    change_all,
    change_status,
    delete_title,
    keep_times,
    publish,
    purge,
    schedule,
    take_back,
    unpublish,
)
from moviepoint.domains.catalog.services.people import delete_person, save_person, take_back_person
from moviepoint.domains.catalog.services.seasons import delete_episode, delete_season, save_episode, save_season
from moviepoint.domains.catalog.services.terms import (
    add_genre,
    add_to_collection,
    delete_collection,
    delete_term,
    save_collection,
    save_genre,
    save_term,
)
from moviepoint.domains.catalog.services.titles import save_title

__all__ = [
    "act", "add_genre", "add_to_collection", "change_all", "change_status", "delete_collection", "delete_episode",
    "delete_person", "delete_season", "delete_term", "delete_title", "delete_view", "find", "find_run",
    "keep_times", "publish", "purge", "save_collection", "save_episode", "save_genre", "save_person", "save_season",
    "save_term", "save_title", "save_view", "schedule", "set_cell", "start_run", "stop_run", "take_back",
    "take_back_person", "unpublish", "work_on",
]
