"""`user add|link`: the first administrator, and links for whoever forgot a password."""

import secrets

import click
from flask import Flask

from traceability.cli.failing import speaking
from traceability.domain.accounts import STAFF_ROLES
from traceability.domain.roles import Doer
from traceability.models.engine import acting
from traceability.operations.accounts import create_account, make_reset
from traceability.web.services import Services

_BY = Doer("command line", "system")


def add(app: Flask, services: Services) -> None:
    """Adds the commands."""
    user = click.Group("user", help="Accounts of staff and producers.")

    @user.command("add")
    @click.argument("login")
    @click.option("--name", required=True, help="The person's name.")
    @click.option("--role", type=click.Choice(STAFF_ROLES), required=True, help="What the account may do.")
    @click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Better left out: it is asked for.")
    def user_add(login: str, name: str, role: str, password: str) -> None:
        """Make an account with a role of the province; LOGIN is an e-mail address or a phone number."""
        with speaking(services):
            with acting(services.engine, by=_BY, act="add_account") as session:
                create_account(session, login=login, name=name, password=password, staff_role=role, now=services.clock())
            click.echo(f"made the account {login} ({role}); at the first sign-in it sets up the second factor")

    @user.command("link")
    @click.argument("login")
    def user_link(login: str) -> None:
        """Print a link by which LOGIN sets a new password: good once, for 24 hours."""
        with speaking(services):
            token = secrets.token_urlsafe(32)
            with acting(services.engine, by=_BY, act="make_reset_link") as session:
                made = make_reset(session, login, token=token, by=None, now=services.clock())
            if made is None:
                raise click.ClickException(f"no account has the login {login}")
            click.echo(f"{services.settings.public_url}/link/{token}")

    app.cli.add_command(user)
