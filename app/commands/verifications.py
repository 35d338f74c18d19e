"""`flask verifications …`: configurations in and out."""

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from app import projects
from app.audit.actions import Action
from app.commands.auditing import note
from app.commands.parts import clear_errors, command_parts
from app.verifications.configuration import write_configuration
from app.verifications.document import ConfigurationRefusedError
from app.verifications.store import list_verifications, load_current, publish

verifications_commands = AppGroup("verifications", help="Verification configurations, versioned.")


@verifications_commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--project", default=projects.DEFAULT_PROJECT, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")
def import_file(file: Path, project: str, as_json: bool) -> None:
    """Publish the configuration in FILE as a new version."""
    parts = command_parts()
    document = read_json(file)
    try:
        with parts.database.transaction() as db:
            row = projects.get_or_create_project(db, parts.sealer, project, parts.now)
            published = publish(db, row.id, document, parts.now)
            subject = f"verification/{published.configuration.id}"
            note(db, parts, Action.CONFIGURATION_PUBLISH, subject, {"version": published.number})
    except ConfigurationRefusedError as error:
        lines = "\n".join(f"  {path}: {what}" for path, what in error.problems.items())
        raise click.ClickException(f"{file} was refused, nothing was changed:\n{lines}") from None
    answer = {"id": published.configuration.id, "version": published.number}
    if as_json:
        click.echo(json.dumps(answer))
    else:
        click.echo(f"{answer['id']}  version {answer['version']}  {published.configuration.name}")


@verifications_commands.command("export")
@click.argument("verification_id")
def export(verification_id: str) -> None:
    """Print the current configuration, complete with defaults."""
    parts = command_parts()
    with clear_errors(), parts.database.reading() as db:
        click.echo(write_configuration(load_current(db, verification_id).configuration))


@verifications_commands.command("list")
def list_all() -> None:
    """List all verifications."""
    parts = command_parts()
    with parts.database.reading() as db:
        for verification in list_verifications(db):
            click.echo(f"{verification.id}  version {verification.current_version}  {verification.name}")


def read_json(file: Path) -> dict[str, object]:
    """Return the JSON object in a file; anything else ends the command with one clear line."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{file}: is not JSON ({error})") from None
    if not isinstance(document, dict):
        raise click.ClickException(f"{file}: must be a JSON object")
    return document
