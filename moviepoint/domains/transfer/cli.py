"""`./manage.py import …` and `./manage.py export …`: the same work as in the back office, in the foreground."""
from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
from flask import current_app
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from moviepoint.domains.transfer import queries, services, work
from moviepoint.domains.transfer.exchange import exchanged_type, exchanged_types
from moviepoint.domains.transfer.files import ENCODINGS, FORMATS
from moviepoint.domains.transfer.models import Transfer
from moviepoint.domains.transfer.tasks import desk
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import MoviePointError
from moviepoint.kernel.policies import SYSTEM

FAULTY_SHOWN = 20


@click.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--type", "names", multiple=True, help="A kind of content; may be given several times. Default: all.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="json", show_default=True)
def export_command(folder: Path, names: tuple[str, ...], format_: str) -> None:
    """Write content to files in FOLDER, one for each kind, numbered in the order in which to bring them in."""
    folder.mkdir(parents=True, exist_ok=True)
    order = list(exchanged_types())
    for name in names or order:
        transfer = _run(partial(services.start_export, actor=SYSTEM, kind=exchanged_type(name), format=format_,
                                in_place=True))
        target = folder / f"{order.index(name) + 1:02}-{name}.{format_}"
        storage = current_app.extensions["moviepoint.storage"]
        with storage.open(transfer.key) as source:
            target.write_bytes(source.read())
        _forget(transfer)
        click.echo(f"{target}: {transfer.total}")


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--type", "name", default="", help="The kind of content; by default told by the file's name.")
@click.option("--encoding", type=click.Choice(ENCODINGS), default="", help="By default it is found out.")
@click.option("--apply", "apply_", is_flag=True, help="Write it; without this it is only rehearsed.")
@click.option("--in-part", is_flag=True, help="With --apply: write the good rows of a file with faulty ones too.")
def import_command(files: tuple[Path, ...], name: str, encoding: str, apply_: bool, in_part: bool) -> None:
    """Rehearse FILES, show what each would do, and with --apply write it."""
    for path in files:
        kind = exchanged_type(name or _kind_name(path))
        transfer = _run(partial(
            services.start_import, actor=SYSTEM, storage=current_app.extensions["moviepoint.storage"], kind=kind,
            data=path.read_bytes(), file_name=path.name, encoding=encoding, in_place=True))
        faulty = _show(path, transfer)
        if apply_ and (in_part or not faulty):
            transfer = _run(partial(services.apply, actor=SYSTEM, kind=kind, transfer=transfer, in_place=True))
            counts = queries.counts(db.session(), transfer.id)
            click.echo(f"{path.name}: {counts['applied']} applied, {counts['failed']} failed")
            faulty += counts["failed"]
        _forget(transfer)
        if faulty and not in_part:
            raise click.ClickException("There are faulty rows. Mend them, or take the good ones with --in-part.")


def _run(start: Callable[[Session], Transfer]) -> Transfer:
    """Start a transfer and do its work here and now; a failure is said, with exit status 1."""
    try:
        with unit_of_work() as session:
            transfer = start(session)
    except MoviePointError as error:
        raise click.ClickException(str(error.message)) from None
    work.run(desk(), transfer.id, SYSTEM)
    done = db.session().get_one(Transfer, transfer.id, populate_existing=True)
    if done.state == "failed":
        error_text = done.error
        _forget(done)
        raise click.ClickException(error_text)
    return done


def _forget(transfer: Transfer) -> None:
    with unit_of_work() as session:
        services.delete(session, SYSTEM, exchanged_type(transfer.content_type),
                        current_app.extensions["moviepoint.storage"], session.get_one(Transfer, transfer.id))


def _kind_name(path: Path) -> str:
    """Return the kind that a file's name tells: "05-title.json", "title-2026-11-23.csv"."""
    parts = path.stem.split("-")
    for part in parts:
        if part in exchanged_types():
            return part
    raise click.ClickException(f"{path.name}: say with --type what it holds: {', '.join(exchanged_types())}.")


def _show(path: Path, transfer: Transfer) -> int:
    """Print what a file would do; returns the number of faulty rows."""
    session = db.session()
    counts = queries.counts(session, transfer.id)
    click.echo(f"{path.name}: {counts['new']} new, {counts['changed']} changed, {counts['same']} the same, "
               f"{counts['faulty']} faulty")
    if counts["faulty"]:
        table = Table("Row", "What", "Fault")
        for row in session.scalars(queries.rows(transfer.id, verdict="faulty").limit(FAULTY_SHOWN)):
            table.add_row(str(row.number), row.label, " ".join(row.faults))
        Console().print(table)
    return counts["faulty"]
