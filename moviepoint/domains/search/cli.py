"""`./manage.py search …`"""
from __future__ import annotations

import time

import click

from moviepoint.domains.search import services
from moviepoint.domains.search.engine import current_index, current_sources
from moviepoint.domains.search.index import IndexMissing
from moviepoint.kernel.db import db


@click.group("search")
def search_group() -> None:
    """The search index."""


@search_group.command("rebuild")
def rebuild() -> None:
    """Make the index anew from the database; the site searches the old one meanwhile."""
    began = time.monotonic()
    count = services.rebuild(db.session(), current_index(), current_sources())
    click.echo(f"{count} documents indexed in {time.monotonic() - began:.1f} s.")


@search_group.command("status")
def status() -> None:
    """Say what is indexed, and whether it is up to date."""
    try:
        known = current_index().digests()
    except IndexMissing:
        raise click.ClickException("There is no index. Run `./manage.py search rebuild`.") from None
    session = db.session()
    for name, source in current_sources().items():
        wanted = set(source.ids(session))
        present = {row for owner, row in known if owner == name}
        click.echo(f"{name}: {len(present)} indexed, {len(wanted - present)} missing, {len(present - wanted)} too many")
