"""`./manage.py media store` and `media fetch`: into the bucket now, and all back to the disk."""
from __future__ import annotations

from datetime import timedelta

import click
from flask import current_app
from sqlalchemy import delete, select

from moviepoint.domains.media import documents
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.remote import clearing, index, moving, work
from moviepoint.domains.media.remote.figures import reason
from moviepoint.domains.media.remote.models import StoredPackage
from moviepoint.kernel.bucket import Bucket, BucketError, current_bucket
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.files import LocalStorage
from moviepoint.settings import Settings


@click.command("store")
@click.option("--release", is_flag=True, help="Remove local copies at once, and not an hour later.")
def store_command(release: bool) -> None:
    """Move all published films into the bucket now.

    A worker does the same by itself, minute by minute. Films play all the while.
    """
    settings, storage, bucket = _desk()
    if not settings.s3_store:
        raise click.ClickException("s3_store is false: nothing is moved into the bucket.")
    try:
        clearing.claim(bucket, storage)
    except BucketError as error:
        raise click.ClickException(f"The bucket cannot be used: {error}") from error
    work.note(storage)
    failed = 0
    for row in _rows():
        name = _name(row.package)
        click.echo(f"  {name} …", err=True)
        if row.state in ("waiting", "moving"):
            work.advance(storage, bucket, row.id)
        if release and _state(row.id).state == "stored":
            work.advance(storage, bucket, row.id, grace=timedelta(0))
        state = _state(row.id)
        said = {"stored": "in the bucket, and on the disk still", "released": "in the bucket"}.get(state.state)
        failed += said is None
        click.echo(f"✓ {name}: {said}, {state.files} files, {state.bytes / 2**20:.1f} MiB" if said else
                   f"✗ {name}: not moved ({reason(state.fault) if state.fault else 'a worker is at it'})")
    if failed:
        raise click.ClickException(f"{failed} package(s) are not in the bucket; they play from the disk.")


@click.command("fetch")
def fetch_command() -> None:
    """Bring all films back from the bucket to the disk, and play them from there.

    The bucket keeps its copies; empty it yourself once the setting is removed.
    """
    settings, storage, bucket = _desk()
    if settings.s3_store:
        raise click.ClickException("Set s3_store to false first, and restart the workers: they would move it back.")
    failed = 0
    for package in sorted(work.live()):
        name = package.removeprefix(work.PREFIX)
        copies = [(folder, *pair) for folder in index.folders(storage, name)
                  for pair in index.read(storage, name, folder).items()]
        needed = sum(copy.size for folder, file, copy in copies if not storage.exists(f"{package}/{folder}/{file}"))
        if not copies:
            continue
        if storage.free_bytes() - needed < settings.free_disk_reserve_bytes:
            raise click.ClickException(f"The disk is too small: {_name(package)} needs {needed / 2**30:.2f} GiB.")
        click.echo(f"  {_name(package)} …", err=True)
        try:
            count = moving.fetch(bucket, storage, name, lambda: None)
        except (BucketError, OSError) as error:
            failed += 1
            click.echo(f"✗ {_name(package)}: {error}")
            continue
        with unit_of_work() as session:
            session.execute(delete(StoredPackage).where(StoredPackage.package == package))
        click.echo(f"✓ {_name(package)}: {count} files fetched")
    if failed:
        raise click.ClickException(f"{failed} package(s) are still in the bucket, and play from there.")
    click.echo("All films are on the disk. You may remove the s3_ settings, and empty the bucket.")


def _desk() -> tuple[Settings, LocalStorage, Bucket]:
    bucket = current_bucket()
    if bucket is None:
        raise click.ClickException("s3_bucket is not set.")
    return current_app.extensions["moviepoint.settings"], current_app.extensions["moviepoint.storage"], bucket


def _rows() -> list[StoredPackage]:
    session = db.session()
    rows = list(session.scalars(select(StoredPackage).order_by(StoredPackage.id)))
    session.expunge_all()
    db.session.rollback()
    return rows


def _state(row_id: int) -> StoredPackage:
    session = db.session()
    row = session.get_one(StoredPackage, row_id, populate_existing=True)
    session.expunge(row)
    db.session.rollback()
    return row


def _name(package: str) -> str:
    session = db.session()
    edition = session.scalar(select(Edition).where(Edition.package == package))
    name = documents.edition_name(session, edition) if edition else package
    db.session.rollback()
    return name
