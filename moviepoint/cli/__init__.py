"""`./manage.py`: commands that start processes, then those that domains and plugins add."""
from __future__ import annotations

import sys

import click
from sqlalchemy.exc import DBAPIError

from moviepoint.app import MoviePoint, create_app
from moviepoint.cli.check import check, database_fault
from moviepoint.cli.demo import demo
from moviepoint.cli.processes import run, web, worker
from moviepoint.cli.testing import test
from moviepoint.settings import Fault, SettingsError
from moviepoint.shells.cli import add_commands

#: These make their own app, or none: they must work, or say why not, when the settings are broken.
ALONE = (demo, test, check)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """MoviePoint: publish films and series."""


for command in (*ALONE, run, web, worker):
    cli.add_command(command)


def make_app() -> MoviePoint:
    """Return the app, or end with each fault of the settings in words."""
    try:
        return create_app()
    except SettingsError as error:
        for fault in error.faults:
            say(fault)
        sys.exit(2)


def say(fault: Fault) -> None:
    """Print what is wrong, and what helps."""
    click.echo(f"{fault.name} {fault.problem}\n    {fault.remedy}", err=True)


def main() -> None:
    """Run the command line; all but the commands of ALONE run inside an app context.

    Where a command meets a database that it cannot work with, that is said instead of where it met it.
    """
    if sys.argv[1:2] and sys.argv[1] in {command.name for command in ALONE}:
        cli(prog_name="manage.py")
    app = make_app()
    add_commands(cli, app)
    with app.app_context():
        try:
            cli(prog_name="manage.py")
        except DBAPIError:
            fault = database_fault()
            if fault is None:
                raise
            say(fault)
            sys.exit(1)
