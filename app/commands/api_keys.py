"""`flask api-keys …`: secret keys of the REST API."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from app import projects
from app.api import keys
from app.api.scopes import Scope
from app.audit.actions import Action
from app.commands.auditing import note
from app.commands.parts import clear_errors, command_parts
from app.models import ApiKey

api_keys_commands = AppGroup("api-keys", help="API keys: shown once, stored hashed.")
project_option = click.option("--project", default=projects.DEFAULT_PROJECT, show_default=True)

DAY_SECONDS, HOUR_SECONDS = 24 * 3600, 3600
ALL = "all"
SCOPES = [*(scope.value for scope in Scope), ALL]


@api_keys_commands.command("create")
@click.argument("name")
@project_option
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES))
@click.option("--expires", type=click.IntRange(min=1), help="Days; without it the key stays until revoked.")
def create(name: str, project: str, scopes: tuple[str, ...], expires: int | None) -> None:
    """Make a key called NAME and show it, once."""
    parts = command_parts()
    granted = list(Scope) if ALL in scopes else [Scope(scope) for scope in scopes]
    expires_at = None if expires is None else parts.now + expires * DAY_SECONDS
    with clear_errors(), parts.database.transaction() as db:
        row = projects.get_or_create_project(db, parts.sealer, project, parts.now)
        key, text = keys.create_key(db, parts.sealer, row.id, name, granted, parts.now, expires_at)
        note(db, parts, Action.API_KEY_CREATE, f"api-key/{key.id}", {"scopes": key.scopes})
    _show(key, text)


@api_keys_commands.command("list")
@project_option
def list_keys(project: str) -> None:
    """List the keys of a project: names, scopes and dates, never secrets."""
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        row = projects.get_or_create_project(db, parts.sealer, project, parts.now)
        for key in keys.list_keys(db, row.id):
            dates = f"ends {_date(key.expires_at)}  used {_date(key.last_used_at)}"
            click.echo(f"{key.id}  {_state(key, parts.now):8} {key.name}  {', '.join(key.scopes)}  {dates}")


@api_keys_commands.command("rotate")
@click.argument("key_id")
@click.option("--grace", type=click.IntRange(min=0), default=24, show_default=True, help="Hours.")
def rotate(key_id: str, grace: int) -> None:
    """Make a key with the same name and scopes; the old one ends after the grace."""
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        key, text = keys.rotate_key(db, parts.sealer, key_id, parts.now, grace * HOUR_SECONDS)
        note(db, parts, Action.API_KEY_ROTATE, f"api-key/{key_id}", {"successor": key.id})
    _show(key, text)


@api_keys_commands.command("revoke")
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """End a key, and every token made with it, at once."""
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        keys.revoke_key(db, key_id, parts.now)
        note(db, parts, Action.API_KEY_REVOKE, f"api-key/{key_id}")
    click.echo(f"{key_id} is revoked.")


def _show(key: ApiKey, text: str) -> None:
    click.echo(f"id      {key.id}")
    click.echo(f"key     {text}")
    click.echo(f"scopes  {', '.join(key.scopes)}")
    click.echo(f"ends    {_date(key.expires_at)}")
    click.echo("Keep it now: only a hash of it is stored, and it is never shown again.")


def _state(key: ApiKey, now: float) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "live"


def _date(moment: float | None) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds") if moment else "never"
