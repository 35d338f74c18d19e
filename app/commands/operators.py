"""`flask operators …`: who may use the console."""

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from app.commands.parts import CommandParts, clear_errors, command_parts
from app.console.accounts import links, operators
from app.console.roles import Role
from app.errors import NotFoundError
from app.models import Operator

operators_commands = AppGroup("operators", help="Accounts of the operator console.")


@operators_commands.command("create")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
def create(email: str, role: str) -> None:
    """Make an account and show its set-up link, once."""
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        account = operators.create_operator(db, email, Role(role), parts.now)
        token = links.make_link(db, account.id, parts.now)
    _show_link(parts, token)


@operators_commands.command("link")
@click.argument("email")
def link(email: str) -> None:
    """Make a new set-up link for somebody who lost password or phone."""
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        token = links.make_link(db, _by_email(db, email).id, parts.now)
    _show_link(parts, token)


@operators_commands.command("list")
def list_operators() -> None:
    """List the accounts: address, role, second factor."""
    parts = command_parts()
    with clear_errors(), parts.database.reading() as db:
        for account in operators.list_operators(db):
            factor = "second factor" if account.totp_confirmed_at else "no second factor"
            click.echo(f"{account.email}  {account.role}  {_state(account)}  {factor}")


@operators_commands.command("disable")
@click.argument("email")
def disable(email: str) -> None:
    """Sign an operator out everywhere and let them in no more."""
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        operators.disable_operator(db, _by_email(db, email), parts.now)
    click.echo(f"{email} is disabled.")


def _show_link(parts: CommandParts, token: str) -> None:
    click.echo(f"{parts.settings.public_url}/console/setup/{token}")
    click.echo("Works once, within 24 hours; only a hash of it is stored.")


def _by_email(db: Session, email: str) -> Operator:
    account = operators.find_by_email(db, email)
    if account is None:
        raise NotFoundError(f"no operator {email}")
    return account


def _state(account: Operator) -> str:
    if account.disabled_at is not None:
        return "disabled"
    return "active" if account.password_hash else "invited"
