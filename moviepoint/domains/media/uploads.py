"""Writes of uploads: announced, received, stored, expired.

The only offset is the file's own length on disk, so that a server which dies in the middle of a chunk knows
afterwards exactly what it has.
"""
from __future__ import annotations

import codecs
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Episode, Title
from moviepoint.domains.media import room, services
from moviepoint.domains.media.allowance import require_room
from moviepoint.domains.media.checking import AUDIO_KINDS, LABEL_LENGTH, SUBTITLE_ROLES
from moviepoint.domains.media.encoding.naming import Intent, guess
from moviepoint.domains.media.models import AudioTrack, Edition, EncodingJob, SourceAsset, SubtitleTrack, Upload
from moviepoint.domains.media.policies import UPLOAD, require_upload
from moviepoint.domains.media.room import received as received
from moviepoint.kernel import events
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Forbidden, InsufficientStorage, Invalid, NotFound
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import SYSTEM, Actor, require
from moviepoint.kernel.text import normalise_language, one_line
from moviepoint.settings import Settings


def ensure_edition(session: Session, actor: Actor, *, title_id: int | None = None, episode_id: int | None = None,
                   label: str = "") -> Edition:
    """Return the edition of a film or episode with this label, made when there is none.

    Raises NotFound for the owner, Invalid when it is a series: its episodes have editions, not itself.
    """
    if (title_id is None) == (episode_id is None):
        raise Invalid(_("Say which film or which episode it is."))
    owner = session.get(Title, title_id) if title_id is not None else session.get(Episode, episode_id)
    if owner is None:
        raise NotFound()
    require_upload(session, actor, owner=owner)
    if isinstance(owner, Title) and owner.kind == "series":
        raise Invalid(_("A series has no film of its own; upload to one of its episodes."))
    label = one_line(label)[:80]
    edition = session.scalar(select(Edition).where(
        Edition.title_id == title_id, Edition.episode_id == episode_id, Edition.label == label))
    if edition is None:
        count = session.scalar(select(func.count(Edition.id)).where(
            Edition.title_id == title_id, Edition.episode_id == episode_id))
        edition = Edition(title_id=title_id, episode_id=episode_id, label=label, position=count or 0)
        session.add(edition)
        session.flush()
    return edition


def create_upload(session: Session, actor: Actor, storage: Storage, settings: Settings, *, size: int,
                  filename: str = "", edition: Edition | None = None, intent: Intent | None = None,
                  partial: bool = False) -> Upload:
    """Announce a file of `size` bytes, or one part of a file; without an intent, its name says what it is to become.

    Raises Invalid for an empty file and for an intent that is not taken, TooLarge for more than the actor may send,
    InsufficientStorage while the disk could not hold it together with all that is on its way already.
    """
    if not (partial and edition is None and actor.may_in_part(UPLOAD)):  # of a part nobody knows yet where it goes
        require_upload(session, actor, edition)
    if size < 1:
        raise Invalid(_("A file must not be empty."), code="upload-size")
    require_room(session, actor, settings, size, more=size)
    require_disk(session, storage, settings, size)
    upload = announced(session, actor, settings, size, filename, edition, intent)
    upload.partial = partial
    path = storage.path(upload.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    return upload


def require_disk(session: Session, storage: Storage, settings: Settings, size: int) -> None:
    """Raise InsufficientStorage where the disk has no room for so many bytes more."""
    if room.left(session, storage, settings) < size:
        raise InsufficientStorage(_("There is not enough room on the server for this file. Tell whoever runs it."))


def announced(session: Session, actor: Actor, settings: Settings, size: int, filename: str, edition: Edition | None,
              intent: Intent | None) -> Upload:
    """Return the row of a file that is to come; no byte of it is there. Raises Invalid for an intent not taken."""
    name = one_line(filename.replace("\\", "/").rsplit("/", 1)[-1])[:255]
    wanted = checked_intent(guess(name) if intent is None else intent)
    if wanted.replaces:
        require_track(actor, edition, wanted)
    upload = Upload(user_id=actor.id, size=size, filename=name, edition_id=edition.id if edition else None,
                    intent=msgspec.to_builtins(wanted),
                    expires_at=expiry(settings))
    session.add(upload)
    session.flush()
    return upload


def expiry(settings: Settings) -> datetime:
    """Return until when an upload is kept that somebody goes on with now."""
    return utcnow() + timedelta(hours=settings.upload_expiry_hours)


def checked_intent(intent: Intent) -> Intent:
    """Return an intent in its clean form. Raises Invalid that names what is wrong with it."""
    kinds = {"audio": AUDIO_KINDS, "subtitles": SUBTITLE_ROLES}.get(intent.use, ())
    faults: dict[str, list[str]] = {}
    language = "und"
    try:
        language = normalise_language(intent.language)
    except ValueError:
        faults["language"] = [_("“%(tag)s” is no language. Write a tag such as en, pt-BR or zh-Hans.",
                                tag=intent.language[:40])]
    if intent.use != "film" and intent.kind and intent.kind not in kinds:
        faults["kind"] = [_("This is no kind of track.")]
    try:
        encoding = codecs.lookup(intent.encoding).name if intent.encoding else ""
    except (LookupError, ValueError):
        faults["encoding"] = [_("There is no text encoding of this name.")]
    if faults:
        raise Invalid(" ".join(sentence for sentences in faults.values() for sentence in sentences), fields=faults)
    if intent.use == "film":
        return Intent()
    return Intent(intent.use, language, intent.kind, one_line(intent.label)[:LABEL_LENGTH],
                  one_line(intent.studio)[:LABEL_LENGTH], encoding, intent.replaces)


def require_track(actor: Actor, edition: Edition | None, intent: Intent) -> None:
    """Raise Forbidden, or Invalid where the edition has no such track as a file is to take the place of."""
    require(actor, "media.manage")
    rows: Sequence[AudioTrack | SubtitleTrack] = ()
    if edition is not None:
        rows = edition.audio if intent.use == "audio" else edition.subtitles
    if all(row.id != intent.replaces for row in rows):
        raise Invalid(_("This edition has no such track to replace."), code="replaces")


def on_the_way(session: Session, actor: Actor, edition: Edition) -> Sequence[Upload]:
    """Return the actor's uploads to an edition that are not whole yet, or never will be, the oldest first."""
    require_upload(session, actor, edition)
    return session.scalars(select(Upload).where(
        Upload.edition_id == edition.id, Upload.user_id == actor.id,
        Upload.state.in_(("receiving", "joining", "failed"))).order_by(Upload.id)).all()


def job_of(session: Session, upload: Upload) -> int | None:
    """Return the newest job that an upload has become the source of."""
    return session.scalar(select(EncodingJob.id).join(SourceAsset, SourceAsset.id == EncodingJob.source_id).where(
        SourceAsset.key == upload.key).order_by(EncodingJob.id.desc()).limit(1))


def own_upload(session: Session, actor: Actor, public_id: str, lock: bool = False) -> Upload:
    """Return an upload of the actor's, or of anybody's for who may manage media. Raises NotFound, Forbidden.

    With `lock` it is as it is now, whatever the session knows, and stays so until the transaction ends: for who acts on
    its state.
    """
    wanted = select(Upload).where(Upload.public_id == public_id)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    upload = session.scalar(wanted)
    if upload is None:
        raise NotFound()
    if not actor.may("media.manage") and (upload.user_id != actor.id or not actor.may_in_part(UPLOAD)):
        raise Forbidden()
    return upload


def finish_upload(session: Session, actor: Actor, upload: Upload) -> None:
    """Mark an upload as stored, and begin to encode it where it was meant for an edition; a part waits for others.

    Whoever calls holds the row (`own_upload`). Does no work on the bytes: inspecting them is the job's first step.
    """
    if upload.state != "receiving":
        return
    upload.state = "stored"
    session.flush()
    if upload.partial:
        return
    events.record(session, "on_upload_stored", upload_id=upload.id)
    if upload.edition_id is not None:
        services.encode_upload(session, actor, upload.id, upload.edition_id)


def terminate_upload(session: Session, actor: Actor, storage: Storage, upload: Upload) -> None:
    """Forget an upload, which the caller holds, and its bytes.

    Raises Invalid when it has become a source, or a part of a file, already.
    """
    if upload.user_id != actor.id and not actor.may("media.manage"):
        raise Forbidden()
    if upload.state == "used":
        raise Invalid(_("This upload is a film's source already."), code="upload-used")
    keys = [upload.key]
    for part in session.scalars(select(Upload).where(Upload.public_id.in_(upload.parts or ()))):
        keys.append(part.key)
        session.delete(part)
    session.delete(upload)

    def remove() -> None:
        for key in keys:
            storage.delete(key)

    events.after_commit(session, remove)


def expire_uploads(session: Session, storage: Storage) -> int:
    """Remove uploads that nobody has gone on with, failed ones, and parts that nobody has joined; return how many."""
    abandoned = session.scalars(select(Upload).where(
        or_(Upload.state.in_(("receiving", "failed")), and_(Upload.state == "stored", Upload.partial)),
        Upload.expires_at < utcnow()).order_by(Upload.id).with_for_update()
        .execution_options(populate_existing=True)).all()
    orphaned = _parts_of_nothing(session)
    for part in orphaned:
        part.state = "stored"
    for upload in (*abandoned, *orphaned):
        terminate_upload(session, SYSTEM, storage, upload)
    return len(abandoned) + len(orphaned)


def _parts_of_nothing(session: Session) -> Sequence[Upload]:
    """Return expired parts of files that are no more: those went with an edition that was deleted."""
    wanted = session.scalars(select(Upload.parts).where(Upload.state.in_(("joining", "failed"))))
    named = {part for parts in wanted for part in parts or ()}
    used = session.scalars(select(Upload).where(Upload.partial, Upload.state == "used", Upload.expires_at < utcnow())
                           .order_by(Upload.id).with_for_update()).all()
    return [part for part in used if part.public_id not in named]
