"""`./manage.py media …`: what operators ask of packages."""
from __future__ import annotations

import click
from flask import current_app
from sqlalchemy import or_, select

from moviepoint.domains.media import documents, playback
from moviepoint.domains.media.encoding.binaries import ToolsMissing, find_tools
from moviepoint.domains.media.encoding.child import find_sandbox
from moviepoint.domains.media.encoding.conformance import Programs, check_package
from moviepoint.domains.media.encoding.errors import EncodingError
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.remote import cli as remote
from moviepoint.domains.media.remote import moving
from moviepoint.kernel.bucket import BucketError, current_bucket
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.sentences import said


@click.group("media")
def media_group() -> None:
    """Films on storage."""


@media_group.command("verify")
@click.argument("edition")
@click.option("--decode", is_flag=True, help="Decode every picture and every sound, too; takes a while.")
def verify_command(edition: str, decode: bool) -> None:
    """Read the package of EDITION (its id or public id; `all` for every one) back, and name every departure.

    The rules are those of RFC 8216bis and of Apple's authoring specification; what is measured are the files. Those
    that lie in a bucket are fetched into a folder beside the packages, which is removed again.
    """
    settings = current_app.extensions["moviepoint.settings"]
    try:
        programs = Programs(find_tools(settings.ffmpeg, settings.ffprobe), find_sandbox(), decode)
    except ToolsMissing as error:
        raise click.ClickException(said(error.message)) from error
    session = db.session()
    wanted = select(Edition.public_id).where(Edition.package.is_not(None)).order_by(Edition.id)
    if edition != "all":
        number = int(edition) if edition.isascii() and edition.isdigit() and len(edition) < 10 else -1
        wanted = wanted.where(or_(Edition.public_id == edition, Edition.id == number))
    found = session.scalars(wanted).all()
    if not found:
        raise click.ClickException("There is no such edition, or it has no film yet.")
    faulty = [public_id for public_id in found if not _verify(public_id, programs)]
    if faulty:
        raise click.ClickException(f"Departures in {len(faulty)} of {len(found)} package(s).")


def _verify(public_id: str, programs: Programs) -> bool:
    """Check one edition and print what was found; returns whether all is well."""
    storage, name = current_app.extensions["moviepoint.storage"], ""
    try:
        edition = playback.load_edition(db.session(), public_id)
        name, package = documents.edition_name(db.session(), edition), (edition.package or "").rpartition("/")[2]
        with moving.whole(current_bucket(), storage, package, lambda: None) as folder:
            report = check_package(folder, playback.master_playlist(edition), programs=programs)
    except (BucketError, OSError) as error:
        click.echo(f"✗ {name} ({public_id}): not checked, for its files cannot be fetched: {error}")
        return False
    except (EncodingError, NotFound) as error:  # a program that was too slow, a disk that is full, a film just deleted
        click.echo(f"✗ {name} ({public_id}): not checked: {said(error.message)}")
        return False
    for departure in report.departures:
        click.echo(f"  {departure}")
    click.echo(f"{'✗' if report.departures else '✓'} {name} ({edition.public_id}): {report.playlists} playlists, "
               f"{report.segments} segments read, {len(report.departures)} departure(s)")
    return not report.departures


media_group.add_command(remote.store_command)
media_group.add_command(remote.fetch_command)
