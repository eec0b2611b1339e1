"""Files that lie on this server already, taken in as if they had been uploaded."""
from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from moviepoint.domains.media import uploads
from moviepoint.domains.media.models import Edition, Upload
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor
from moviepoint.settings import Settings

BLOCK = 16 * 2**20  # bytes copied between two beats


def take_file(actor: Actor, storage: Storage, settings: Settings, path: Path, edition_id: int,
              beat: Callable[[], None] = lambda: None) -> int:
    """Take a file of this server into an edition and begin to encode it; returns the upload's id.

    Its name says what it becomes: a film, a dub, subtitles. The file itself stays where it is: it is linked where the
    disk is the same, else copied, with `beat` called now and then. Both happen outside any transaction, and a copy
    that is cut off is an upload that was never finished, which expires. Raises what an upload raises, and Invalid for
    what is no plain file.
    """
    if path.is_symlink() or not path.is_file():
        raise Invalid(_("%(name)s is no plain file.", name=path.name))
    with unit_of_work() as session:
        upload = uploads.create_upload(session, actor, storage, settings, size=path.stat().st_size,
                                       filename=path.name, edition=session.get_one(Edition, edition_id))
    _link_or_copy(path, storage.path(upload.key), beat)
    with unit_of_work() as session:
        uploads.finish_upload(session, actor, session.get_one(Upload, upload.id, with_for_update=True,
                                                              populate_existing=True))
    return upload.id


def _link_or_copy(source: Path, target: Path, beat: Callable[[], None]) -> None:
    staged = target.with_name(f".{target.name}.part")
    staged.unlink(missing_ok=True)
    try:
        try:
            os.link(source, staged)
        except OSError:  # another disk, or one that knows no links
            _copy(source, staged, beat)
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)


def _copy(source: Path, target: Path, beat: Callable[[], None]) -> None:
    with source.open("rb") as reader, target.open("wb") as writer:
        while block := reader.read(BLOCK):
            writer.write(block)
            beat()
        writer.flush()
        os.fsync(writer.fileno())
    shutil.copymode(source, target)
