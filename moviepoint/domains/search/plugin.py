"""What search adds."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from moviepoint.domains.search import tasks
from moviepoint.domains.search.api import resource
from moviepoint.domains.search.cli import search_group
from moviepoint.domains.search.engine import ask_titles
from moviepoint.domains.search.engines import ENGINES
from moviepoint.domains.search.spoken import services as spoken
from moviepoint.domains.search.spoken import tasks as spoken_tasks
from moviepoint.domains.search.spoken.api import resource as spoken_resource
from moviepoint.domains.search.spoken.views import pages as spoken_pages
from moviepoint.domains.search.views import pages
from moviepoint.hooks import hookimpl
from moviepoint.hooks.types import ApiResource, Command, Pages, SearchEngine, Task, TitleMatches
from moviepoint.kernel.tasks import enqueue


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [Pages(pages), Pages(spoken_pages)]


@hookimpl
def register_api_resources() -> Sequence[ApiResource]:
    return [ApiResource("search", resource), ApiResource("search_lines", spoken_resource)]


@hookimpl
def register_search_engines() -> Sequence[SearchEngine]:
    return ENGINES


@hookimpl
def register_tasks() -> Sequence[Task]:
    return [Task("search.index", spoken_tasks.index_rows), Task("search.rebuild", tasks.rebuild),
            Task("search.reconcile", tasks.reconcile, every=timedelta(hours=1)),
            Task("search.index_spoken", spoken_tasks.index), Task("search.rebuild_spoken", spoken_tasks.rebuild),
            Task("search.reconcile_spoken", spoken_tasks.reconcile, every=timedelta(hours=1))]


@hookimpl
def register_commands() -> Sequence[Command]:
    return [Command(search_group)]


@hookimpl
def resolve_title_search(session: Session, text: str, limit: int) -> TitleMatches | None:
    return ask_titles(session, text, limit)


@hookimpl
def on_title_saved(title_id: int) -> None:
    enqueue("search.index", source="title", ids=[title_id])


@hookimpl
def on_title_rated(title_id: int) -> None:
    enqueue("search.index", source="title", ids=[title_id])


@hookimpl
def on_title_published(title_id: int) -> None:
    enqueue("search.index", source="title", ids=[title_id])


@hookimpl
def on_title_unpublished(title_id: int) -> None:
    enqueue("search.index", source="title", ids=[title_id])


@hookimpl
def on_title_deleted(title_id: int) -> None:
    enqueue("search.index", source="title", ids=[title_id])


@hookimpl
def on_person_saved(person_id: int) -> None:
    enqueue("search.index", source="person", ids=[person_id])


@hookimpl
def on_edition_changed(edition_id: int) -> None:
    enqueue("search.index_spoken", owner=spoken.EDITION, ids=[edition_id])
