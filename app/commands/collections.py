"""`flask collections …`: the collections of a project. They come into being with their first face."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from app.audit.actions import Action
from app.commands.auditing import note
from app.commands.faces import project_id_of, project_option
from app.commands.parts import clear_errors, command_parts
from app.evaluation.tables import render_table
from app.faces import collections
from app.faces.erasure import erase_traces

collections_commands = AppGroup("collections", help="Collections of faces.")

_sure = click.confirmation_option(prompt="All its faces are lost for good. Go on?")


@collections_commands.command("list")
@project_option
def list_collections(project: str) -> None:
    """List collections and how many faces each holds."""
    parts = command_parts()
    with clear_errors(), parts.database.reading() as db:
        listed = collections.list_collections(db, project_id_of(db, project))
    rows = [
        (each.collection.name, each.faces, _date(each.collection.updated_at), each.collection.description)
        for each in listed
    ]
    click.echo(render_table(("collection", "faces", "changed", "description"), rows))


@collections_commands.command("update")
@project_option
@click.argument("name")
@click.option("--name", "new_name", help="A new name; refused while a verification uses the old one.")
@click.option("--description")
def update(project: str, name: str, new_name: str | None, description: str | None) -> None:
    """Change name or description."""
    if new_name is None and description is None:
        raise click.UsageError("give --name or --description")
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        collection = collections.get(db, project_id_of(db, project), name)
        collections.update(db, collection, parts.now, name=new_name, description=description)
        note(db, parts, Action.COLLECTION_CHANGE, f"collection/{collection.id}")
    click.echo(f"{new_name or name} is changed.")


@collections_commands.command("reset")
@project_option
@click.argument("name")
@_sure
def reset(project: str, name: str) -> None:
    """Delete every face and renew the key: templates in old backups stay unreadable."""
    parts = command_parts()
    with clear_errors():
        with parts.database.transaction() as db:
            collection = collections.get(db, project_id_of(db, project), name)
            collections.reset(db, parts.sealer, collection, parts.now)
            note(db, parts, Action.COLLECTION_RESET, f"collection/{collection.id}")
        erase_traces(parts.database)
    click.echo(f"{name} is empty and has a new key.")


@collections_commands.command("delete")
@project_option
@click.argument("name")
@_sure
def delete(project: str, name: str) -> None:
    """Destroy the key, then every face and the collection itself."""
    parts = command_parts()
    with clear_errors():
        with parts.database.transaction() as db:
            collection = collections.get(db, project_id_of(db, project), name)
            collections.delete(db, collection, parts.now)
            note(db, parts, Action.COLLECTION_DELETE, f"collection/{collection.id}")
        erase_traces(parts.database)
    click.echo(f"{name} is deleted.")


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
