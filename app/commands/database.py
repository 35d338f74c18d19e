"""`flask migrate`: bring the database up to date."""

import click
from flask.cli import with_appcontext

from app.commands.parts import command_parts
from app.schema import upgrade


@click.command("migrate")
@with_appcontext
def migrate() -> None:
    """Create or upgrade the database."""
    parts = command_parts(check_schema=False)
    upgrade(parts.database)
    click.echo("The database is up to date.")
