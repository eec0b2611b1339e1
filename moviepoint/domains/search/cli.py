"""`./manage.py search …`"""
from __future__ import annotations

import time

import click

from moviepoint.domains.search import services
from moviepoint.domains.search.engine import current_index, current_sources
from moviepoint.domains.search.engines import FOLDERS
from moviepoint.domains.search.index import IndexMissing
from moviepoint.domains.search.spoken import services as spoken
from moviepoint.domains.search.spoken.engine import current_spoken
from moviepoint.kernel.db import db
from moviepoint.kernel.files import current_storage


@click.group("search")
def search_group() -> None:
    """The search indexes: of what is public, of all titles for the back office, and of what is said."""


@search_group.command("rebuild")
def rebuild() -> None:
    """Make all indexes anew from the database and the subtitles; the old ones are searched meanwhile."""
    for private in FOLDERS:
        began = time.monotonic()
        count = services.rebuild(db.session(), current_index(private), current_sources(private))
        click.echo(f"{count} documents{' of the back office' if private else ''} indexed in "
                   f"{time.monotonic() - began:.1f} s.")
    began = time.monotonic()
    count = spoken.rebuild(db.session(), current_storage(), current_spoken())
    click.echo(f"{count} subtitle tracks indexed in {time.monotonic() - began:.1f} s.")


@search_group.command("status")
def status() -> None:
    """Say what is indexed, and whether it is up to date."""
    session = db.session()
    click.echo(f"Kept by {type(current_index()).__name__}.")
    for private in FOLDERS:
        try:
            known = current_index(private).digests()
        except IndexMissing:
            raise click.ClickException("There is no index. Run `./manage.py search rebuild`.") from None
        for name, source in current_sources(private).items():
            wanted = set(source.ids(session))
            present = {row for owner, row in known if owner == name}
            click.echo(f"{name}{' (back office)' if private else ''}: {len(present)} indexed, "
                       f"{len(wanted - present)} missing, {len(present - wanted)} too many")
    try:
        indexed, old, extra = spoken.stale_tracks(session, current_spoken())
    except IndexMissing:
        raise click.ClickException("There is no index of what is said. Run `./manage.py search rebuild`.") from None
    click.echo(f"subtitles: {indexed} tracks indexed, {old} missing or old, {extra} too many")
