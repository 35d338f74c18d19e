"""`flask secrets …`: the signing secrets of a project."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from app import projects
from app.audit.actions import Action
from app.commands.auditing import note
from app.commands.parts import clear_errors, command_parts

secrets_commands = AppGroup("secrets", help="Signing secrets: at most two live, the newest signs.")
project_option = click.option("--project", default=projects.DEFAULT_PROJECT, show_default=True)


@secrets_commands.command("create")
@project_option
@click.option("--value", help="Take over an existing secret instead of making one.")
def create(project: str, value: str | None) -> None:
    """Add a signing secret and show it, once."""
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        row = projects.get_or_create_project(db, parts.sealer, project, parts.now)
        secret = projects.add_signing_secret(db, parts.sealer, row.id, parts.now, value)
        note(db, parts, Action.SIGNING_SECRET_CREATE, f"signing-secret/{secret.id}")
    click.echo(f"id      {secret.id}")
    click.echo(f"secret  {secret.value}")
    click.echo("Keep it now: it is stored encrypted and is never shown again.")


@secrets_commands.command("list")
@project_option
def list_secrets(project: str) -> None:
    """List the secrets of a project: ids and dates, never values."""
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        row = projects.get_or_create_project(db, parts.sealer, project, parts.now)
        for secret in projects.list_signing_secrets(db, row.id):
            state = "retired" if secret.retired_at else "live"
            click.echo(
                f"{secret.id}  {state:8}  made {_date(secret.created_at)}  used {_date(secret.last_used_at)}"
            )


@secrets_commands.command("retire")
@click.argument("secret_id")
def retire(secret_id: str) -> None:
    """End a secret at once: links signed with it are refused from now on."""
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        projects.retire_signing_secret(db, secret_id, parts.now)
        note(db, parts, Action.SIGNING_SECRET_RETIRE, f"signing-secret/{secret_id}")
    click.echo(f"{secret_id} is retired.")


def _date(moment: float | None) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds") if moment else "never"
