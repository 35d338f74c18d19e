"""`flask migrate`: bring the database up to date."""

import click
from flask.cli import with_appcontext

from app.commands.parts import clear_errors, command_parts
from app.db import POSTGRESQL
from app.faces.erasure_postgresql import missing_rights
from app.schema import upgrade


@click.command("migrate")
@with_appcontext
def migrate() -> None:
    """Create or upgrade the database."""
    parts = command_parts(check_schema=False)
    with clear_errors():
        upgrade(parts.database)
    click.echo("The database is up to date.")
    missing = missing_rights(parts.database) if parts.database.dialect == POSTGRESQL else None
    if missing is not None:
        click.echo(f"Deleted faces will stay in the database's files until an administrator runs: {missing}")
