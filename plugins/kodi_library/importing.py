"""From what a walk found to the catalogue: every write goes through the services of the content types."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.plugin_api import (
    MAX_PICTURE,
    Actor,
    Episode,
    Image,
    Invalid,
    MoviePointError,
    Season,
    Settings,
    Storage,
    Title,
    add_image,
    content_type,
    delete_image,
    differences,
    ensure_edition,
    gettext,
    rehearsal,
    take_file,
    unit_of_work,
)

from .models import LibraryFile, LibraryItem
from .scan import Found, Picture, Video

Document = dict[str, Any]


def judge(session: Session, actor: Actor, root: Path, locale: str, found: Found) -> LibraryItem:
    """Return what importing a film or series would do; nothing is written."""
    item = LibraryItem(path=found.path[:1000], label=_label(found), found=asdict(found), notes=found.notes,
                       faults=found.faults, verdict="faulty", chosen=False, changes=[], files=[])
    if found.faults:
        return item
    try:
        with rehearsal(session):
            before = present(session, found.document)
            after = state(session, save(session, actor, locale, found))
    except MoviePointError as error:
        item.faults = [str(error.message), *_fields(error)]
        return item
    item.changes = differences(before, after)
    item.files = sorted(_new_files(session, root, found))
    item.verdict = "new" if before is None else "changed" if item.changes or item.files else "same"
    item.chosen = item.verdict != "same"
    return item


def save(session: Session, actor: Actor, locale: str, found: Found) -> int:
    """Save a film or series with its people, words, seasons and collection; returns the title's id.

    What is locked stays as it is, and so does what the NFO does not say.
    """
    titles = content_type("title")
    title_id = titles.match(session, found.document)
    known = _people_of(session, title_id)
    document = dict(found.document)
    for field, kind in (("genres", "genre"), ("keywords", "keyword")):
        if field in document:
            document[field] = [_word(session, actor, kind, locale, name) for name in document[field]]
    if "companies" in document:
        document["companies"] = [{"company": _word(session, actor, "company", locale, name)}
                                 for name in document["companies"]]
    if "credits" in document:
        document["credits"] = [credit | {"person": known.get(credit["person"])
                                         or _person(session, actor, credit["person"])}
                               for credit in document["credits"]]
    if "releases" in document:
        document["releases"] = _with_releases(session, title_id, document["releases"])
    if "external_ids" in document and title_id is not None:
        document["external_ids"] = titles.document(session, title_id)["external_ids"] | document["external_ids"]
    title_id = (titles.take_in or titles.save)(session, actor, document, title_id)
    slug = titles.document(session, title_id)["slug"]
    _save_seasons(session, actor, slug, found.seasons)
    if found.collection:
        _collect(session, actor, locale, found.collection, slug)
    return title_id


def present(session: Session, document: Document) -> Document | None:
    """Return the state of the title that a document means, or None. Raises Invalid for one in the bin."""
    title_id = content_type("title").match(session, document)
    if title_id is None:
        return None
    title = session.get(Title, title_id)
    if title is None or title.deleted_at is not None:
        raise Invalid(gettext("It lies in the bin. Take it back first."))
    return state(session, title_id)


def state(session: Session, title_id: int) -> Document:
    """Return a title's document with those of its seasons, for a comparison."""
    seasons = content_type("season")
    ids = session.scalars(select(Season.id).where(Season.title_id == title_id).order_by(Season.number)).all()
    parts = {f"{document['series']} · {document['number']}": document["episodes"]
             for document in seasons.documents(session, ids).values()}
    plain: Document = msgspec.to_builtins({**content_type("title").document(session, title_id), "seasons": parts})
    return plain


def take_pictures(session: Session, actor: Actor, storage: Storage, root: Path, title_id: int, found: Found) -> None:
    """Take in the pictures that are new or have changed; one that a changed file gave before goes."""
    for picture in found.pictures:
        path = root / picture.path
        kept, mark = _file(session, path), _mark(path)
        if not mark or (kept is not None and kept.mark == mark):
            continue
        owner = _owner(session, title_id, picture)
        if owner is None:
            continue
        alt = str(owner) if isinstance(owner, Title) else ""
        with path.open("rb") as stream:
            data = stream.read(MAX_PICTURE + 1)  # one that is larger is refused
        image = add_image(session, actor, storage, owner, picture.kind, data, alt=alt,  # type: ignore[arg-type]
                          replace=not isinstance(owner, Title))
        if kept is not None and isinstance(owner, Title) and kept.image_id and session.get(Image, kept.image_id):
            delete_image(session, actor, storage, kept.image_id)
        _remember(session, path, mark, title_id, image.id)


def take_films(actor: Actor, storage: Storage, settings: Settings, root: Path, title_id: int, found: Found,
               beat: Callable[[], None]) -> None:
    """Take in the videos, dubs and subtitles that are new or have changed, each in transactions of its own."""
    for video in found.videos:
        for name in (video.path, *video.beside):
            path = root / name
            with unit_of_work() as session:
                kept, mark = _file(session, path), _mark(path)
                if not mark or (kept is not None and kept.mark == mark):
                    continue
                edition_id = _edition(session, actor, title_id, video)
            if edition_id is None:
                continue
            take_file(actor, storage, settings, path, edition_id, beat)
            with unit_of_work() as session:
                _remember(session, path, mark, title_id)
            beat()


def found_again(kept: Mapping[str, Any]) -> Found:
    """Return what an item has kept of its walk."""
    return Found(**{**kept, "videos": [Video(**video) for video in kept["videos"]],
                    "pictures": [Picture(**picture) for picture in kept["pictures"]],
                    "seasons": {int(number): episodes for number, episodes in kept["seasons"].items()}})


def _save_seasons(session: Session, actor: Actor, slug: str, seasons: Mapping[int, Sequence[Document]]) -> None:
    kind = content_type("season")
    for number, episodes in sorted(seasons.items()):
        document: Document = {"series": slug, "number": number,
                              "episodes": list({episode["number"]: episode for episode in episodes}.values())}
        kind.save(session, actor, document, kind.match(session, document))


def _word(session: Session, actor: Actor, kind_name: str, locale: str, name: str) -> str:
    """Return the slug of a genre, keyword or company by its name; entered when it is new."""
    kind = content_type(kind_name)
    found = kind.match(session, {"names": {locale: name}})
    if found is None:
        found = next((one.id for one in kind.find(session, actor, name, 20) if one.label.casefold() == name.casefold()),
                     None)
    row_id = found if found is not None else kind.save(session, actor, {"names": {locale: name}}, None)
    return str(kind.document(session, row_id)["slug"])


def _person(session: Session, actor: Actor, name: str) -> str:
    """Return the slug of a person by name; of several of one name the first, of none a new one."""
    kind = content_type("person")
    same = sorted(one.id for one in kind.find(session, actor, name, 20) if one.label == name)
    row_id = same[0] if same else kind.save(session, actor, {"name": name}, None)
    return str(kind.document(session, row_id)["slug"])


def _people_of(session: Session, title_id: int | None) -> dict[str, str]:
    """Return the slugs of those whom a title credits, by name: of two people of one name it is the one who is there."""
    title = session.get(Title, title_id) if title_id is not None else None
    return {credit.person.name: credit.person.slug for credit in title.credits} if title is not None else {}


def _with_releases(session: Session, title_id: int | None, given: Sequence[Document]) -> list[Document]:
    """Return a title's releases with ratings put to their countries; the NFO knows no more of a release."""
    present = [] if title_id is None else list(content_type("title").document(session, title_id)["releases"])
    for release in given:
        same = next((one for one in present if one["country"] == release["country"]), None)
        if same is None:
            present.append(release)
        elif not same["certification"]:
            same["certification"] = release["certification"]
    return present


def _collect(session: Session, actor: Actor, locale: str, name: str, slug: str) -> None:
    kind = content_type("collection")
    found = next((one.id for one in kind.find(session, actor, name, 20) if one.label.casefold() == name.casefold()),
                 None)
    if found is None:
        kind.save(session, actor, {"texts": {locale: {"name": name}}, "titles": [slug]}, None)
        return
    titles = list(kind.document(session, found)["titles"])
    if slug not in titles:
        kind.save(session, actor, {"titles": [*titles, slug]}, found)


def _edition(session: Session, actor: Actor, title_id: int, video: Video) -> int | None:
    if video.season is None:
        return int(ensure_edition(session, actor, title_id=title_id, label=video.label).id)
    episode = _episode(session, title_id, video.season, video.episode)
    return None if episode is None else int(ensure_edition(session, actor, episode_id=episode.id).id)


def _owner(session: Session, title_id: int, picture: Picture) -> Title | Season | Episode | None:
    if picture.season is None:
        return session.get(Title, title_id)
    if picture.episode is not None:
        return _episode(session, title_id, picture.season, picture.episode)
    return session.scalar(select(Season).where(Season.title_id == title_id, Season.number == picture.season))


def _episode(session: Session, title_id: int, season: int, number: int | None) -> Episode | None:
    return session.scalar(select(Episode).join(Season).where(
        Season.title_id == title_id, Season.number == season, Episode.number == number))


def _new_files(session: Session, root: Path, found: Found) -> Iterator[str]:
    """Yield the files that an import would take in."""
    names = [picture.path for picture in found.pictures]
    names += [name for video in found.videos for name in (video.path, *video.beside)]
    for name in names:
        kept = _file(session, root / name)
        if kept is None or kept.mark != _mark(root / name):
            yield name


def _file(session: Session, path: Path) -> LibraryFile | None:
    return session.scalar(select(LibraryFile).where(LibraryFile.path == str(path)))


def _remember(session: Session, path: Path, mark: str, title_id: int, image_id: int | None = None) -> None:
    kept = _file(session, path)
    if kept is None:
        session.add(LibraryFile(path=str(path), mark=mark, title_id=title_id, image_id=image_id))
    else:
        kept.mark, kept.title_id, kept.image_id = mark, title_id, image_id
    session.flush()


def _mark(path: Path) -> str:
    """Return what changes when a file changes; empty for one that is gone or no plain file."""
    try:
        found = path.lstat()
    except OSError:
        return ""
    return f"{found.st_size}:{found.st_mtime_ns}" if path.is_file() and not path.is_symlink() else ""


def _label(found: Found) -> str:
    year = found.document.get("year")
    return f"{found.document['original_title']}{f' ({year})' if year else ''}"[:300]


def _fields(error: MoviePointError) -> list[str]:
    return [f"{name}: {', '.join(map(str, said))}" for name, said in getattr(error, "fields", {}).items()]
