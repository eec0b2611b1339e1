"""Writes of uploads: announced, received, stored, expired.

The only offset is the file's own length on disk, so that a server which dies in the middle of a chunk knows
afterwards exactly what it has.
"""
from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Episode, Title
from moviepoint.domains.media import services
from moviepoint.domains.media.models import Edition, Upload
from moviepoint.kernel import events
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Forbidden, InsufficientStorage, Invalid, NotFound
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import SYSTEM, Actor, require
from moviepoint.kernel.text import one_line
from moviepoint.settings import Settings

UPLOAD = "media.upload"


def ensure_edition(session: Session, actor: Actor, *, title_id: int | None = None, episode_id: int | None = None,
                   label: str = "") -> Edition:
    """Return the edition of a film or episode with this label, made when there is none.

    Raises NotFound for the owner, Invalid when it is a series: its episodes have editions, not itself.
    """
    require(actor, UPLOAD)
    if (title_id is None) == (episode_id is None):
        raise Invalid(_("Say which film or which episode it is."))
    owner = session.get(Title, title_id) if title_id is not None else session.get(Episode, episode_id)
    if owner is None:
        raise NotFound()
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
                  filename: str = "", edition: Edition | None = None) -> Upload:
    """Announce a file of `size` bytes.

    Raises Invalid for a size that is not taken, InsufficientStorage while the disk could not hold it together
    with all that is on its way already.
    """
    require(actor, UPLOAD)
    if not 0 < size <= settings.upload_max_bytes:
        raise Invalid(_("A file may have up to %(size)s bytes, and must not be empty.",
                        size=settings.upload_max_bytes), code="upload-size")
    if free_for_uploads(session, storage, settings) < size:
        raise InsufficientStorage(_("There is not enough room on the server for this file. Tell whoever runs it."))
    name = one_line(filename.replace("\\", "/").rsplit("/", 1)[-1])[:255]
    upload = Upload(user_id=actor.id, size=size, filename=name, edition_id=edition.id if edition else None,
                    expires_at=utcnow() + timedelta(hours=settings.upload_expiry_hours))
    session.add(upload)
    session.flush()
    path = storage.path(upload.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    return upload


def free_for_uploads(session: Session, storage: Storage, settings: Settings) -> int:
    """Return the bytes that a new upload may have: free space less the reserve and what is still to come."""
    coming = 0
    for upload in session.scalars(select(Upload).where(Upload.state == "receiving")):
        coming += max(0, upload.size - received(storage, upload))
    return storage.free_bytes() - settings.free_disk_reserve_bytes - coming


def received(storage: Storage, upload: Upload) -> int:
    """Return how many bytes of an upload have arrived."""
    try:
        return storage.path(upload.key).stat().st_size
    except FileNotFoundError:
        return 0


def own_upload(session: Session, actor: Actor, public_id: str) -> Upload:
    """Return an upload of the actor's, or of anybody's for who may manage media. Raises NotFound, Forbidden."""
    upload = session.scalar(select(Upload).where(Upload.public_id == public_id))
    if upload is None:
        raise NotFound()
    if not actor.may("media.manage"):
        require(actor, UPLOAD)
        if upload.user_id != actor.id:
            raise Forbidden()
    return upload


def finish_upload(session: Session, actor: Actor, upload: Upload) -> None:
    """Mark an upload as stored, and begin to encode it where it was meant for an edition.

    Does no work on the bytes: inspecting them is the job's first step.
    """
    if upload.state != "receiving":
        return
    upload.state = "stored"
    session.flush()
    events.record(session, "on_upload_stored", upload_id=upload.id)
    if upload.edition_id is not None:
        services.encode_upload(session, actor, upload.id, upload.edition_id)


def terminate_upload(session: Session, actor: Actor, storage: Storage, upload: Upload) -> None:
    """Forget an upload and its bytes. Raises Invalid when it has become a source already."""
    if upload.user_id != actor.id and not actor.may("media.manage"):
        raise Forbidden()
    if upload.state == "used":
        raise Invalid(_("This upload is a film's source already."), code="upload-used")
    key = upload.key
    session.delete(upload)
    events.after_commit(session, lambda: storage.delete(key))


def expire_uploads(session: Session, storage: Storage) -> int:
    """Remove uploads that nobody has gone on with; return how many."""
    abandoned = list(session.scalars(select(Upload).where(
        Upload.state == "receiving", Upload.expires_at < utcnow())))
    for upload in abandoned:
        terminate_upload(session, SYSTEM, storage, upload)
    return len(abandoned)
