"""Storage: where media, images and uploads lie, behind one small protocol.

A key is a relative POSIX path ("packages/ab12/stream_0.m3u8"). Keys are checked here, so that no caller can
leave the storage's root, whatever a file or a viewer claims to be called.
"""
from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from flask import current_app

from moviepoint.kernel.errors import NotFound


class Storage(Protocol):
    """What a storage can do. What a bucket has of films is another matter: `kernel.bucket`."""

    def path(self, key: str) -> Path: ...
    def exists(self, key: str) -> bool: ...
    def open(self, key: str) -> BinaryIO: ...
    def put(self, key: str, data: bytes) -> None: ...
    def adopt(self, source: Path, key: str) -> None: ...
    def delete(self, key: str) -> None: ...
    def free_bytes(self) -> int: ...


class LocalStorage:
    """Files under one root on a local or mounted disk."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def path(self, key: str) -> Path:
        """Return the file's path; raises NotFound for a key that would leave the root."""
        pure = PurePosixPath(key)
        if pure.is_absolute() or not pure.parts or ".." in pure.parts or "\0" in key or "\\" in key:
            raise NotFound()
        return self.root.joinpath(*pure.parts)

    def exists(self, key: str) -> bool:
        return self.path(key).exists()

    def open(self, key: str) -> BinaryIO:
        """Open for reading; raises NotFound."""
        try:
            return self.path(key).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NotFound() from None

    def put(self, key: str, data: bytes) -> None:
        """Write a small file whole: a reader sees the old one or the new one, never half."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)

    def adopt(self, source: Path, key: str) -> None:
        """Move a finished file or folder into place by rename; it must lie on the same disk."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        source.replace(path)

    def delete(self, key: str) -> None:
        """Remove a file or a folder; removing what is not there is no error."""
        path = self.path(key)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Iterate over the keys of all files below a folder."""
        base = self.path(prefix) if prefix else self.root
        for path in sorted(base.rglob("*")):
            if path.is_file():
                yield path.relative_to(self.root).as_posix()

    def free_bytes(self) -> int:
        """Return the bytes that can still be written here."""
        place = self.root
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file so that a reader sees the old one or the new one, never half. Raises OSError.

    Its name on the way is this call's own: threads of one process may write the same file at once.
    """
    staged = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        with staged.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise


def current_storage() -> Storage:
    """Return the storage of the current app."""
    storage: Storage = current_app.extensions["moviepoint.storage"]
    return storage
