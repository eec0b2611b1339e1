"""`./manage.py user …`"""
from __future__ import annotations

import click
from flask_security.utils import hash_password
from sqlalchemy import func, select

from moviepoint.domains.accounts import services
from moviepoint.domains.accounts.models import User
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.errors import MoviePointError
from moviepoint.kernel.policies import SYSTEM


@click.group("user")
def user_group() -> None:
    """Users and their roles."""


@user_group.command("create")
@click.argument("email")
@click.option("--role", "roles", multiple=True, default=(services.ADMINISTRATOR,), show_default=True,
              help="May be given several times.")
@click.option("--name", default="", help="The name that is shown.")
@click.password_option(help="Asked for when it is not given.")
def create(email: str, roles: tuple[str, ...], name: str, password: str) -> None:
    """Create a user who can sign in."""
    if len(password) < services.MIN_PASSWORD:
        raise click.ClickException(f"The password needs at least {services.MIN_PASSWORD} characters.")
    try:
        with unit_of_work() as session:
            user = services.create_user(session, email, hash_password(password), roles, name)
    except MoviePointError as error:
        raise click.ClickException(str(error.message)) from None
    click.echo(f"{user.email} can sign in now ({', '.join(roles)}).")


@user_group.command("confirm")
@click.argument("email")
def confirm(email: str) -> None:
    """Confirm somebody's address without a mail."""
    with unit_of_work() as session:
        user = session.scalar(select(User).where(func.lower(User.email) == email.lower()))
        if user is None:
            raise click.ClickException(f"Nobody is registered as {email}.")
        done = services.confirm(session, SYSTEM, user)
    click.echo(f"{email} is confirmed." if done else f"{email} was confirmed already.")
