"""`flask webhooks …`: secrets, deliveries, replay and test event."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from app.audit.actions import Action
from app.commands.auditing import note
from app.commands.parts import clear_errors, command_parts
from app.webhooks import api_key, deliveries, secrets

webhook_commands = AppGroup("webhooks", help="Secrets, deliveries, replay and test events.")


@webhook_commands.command("secret")
@click.argument("verification_id")
def create_secret(verification_id: str) -> None:
    """Add a webhook secret and show it, once; two may be live, both sign."""
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        secret_id, value = secrets.add_secret(db, parts.sealer, verification_id, parts.now)
        note(db, parts, Action.WEBHOOK_SECRET_CREATE, f"webhook-secret/{secret_id}")
    click.echo(f"id      {secret_id}")
    click.echo(f"secret  {value}")
    click.echo("Keep it now: it is stored encrypted and is never shown again.")


@webhook_commands.command("secrets")
@click.argument("verification_id")
def list_secrets(verification_id: str) -> None:
    """List webhook secrets: ids and dates, never values."""
    parts = command_parts()
    with clear_errors(), parts.database.reading() as db:
        for row in secrets.list_secrets(db, verification_id):
            click.echo(f"{row.id}  {'retired' if row.retired_at else 'live':8}  made {_date(row.created_at)}")


@webhook_commands.command("retire")
@click.argument("secret_id")
def retire_secret(secret_id: str) -> None:
    """End a webhook secret at once."""
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        secrets.retire_secret(db, secret_id, parts.now)
        note(db, parts, Action.WEBHOOK_SECRET_RETIRE, f"webhook-secret/{secret_id}")
    click.echo(f"{secret_id} is retired.")


@webhook_commands.command("api-key")
@click.argument("verification_id")
@click.option("--value", help="Instead of a new one: what the receiver expects already.")
def set_api_key(verification_id: str, value: str | None) -> None:
    """Keep the key that events carry as X-API-Key where webhookConfig.sendApiKey is on."""
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        kept = api_key.set_key(db, parts.sealer, verification_id, parts.now, value)
        note(db, parts, Action.WEBHOOK_KEY_SET, f"verification/{verification_id}")
    click.echo(f"key  {kept}")
    click.echo("Whoever sees one event can reuse it: let the receiver check webhook-signature as well.")


@webhook_commands.command("list")
@click.option("--verification", "verification_id", help="Only those of one verification.")
@click.option("--session", "session_id", help="Only those of one session.")
def list_deliveries(verification_id: str | None, session_id: str | None) -> None:
    """List deliveries, newest first, with every try."""
    parts = command_parts()
    with clear_errors(), parts.database.reading() as db:
        for each in deliveries.list_deliveries(db, verification_id, session_id):
            click.echo(f"{each.id}  {each.state:9}  {_date(each.created_at)}  {each.event}  {each.url}")
            for attempt in deliveries.attempts_of(db, each.id):
                said = attempt.error or f"answered {attempt.status}"
                click.echo(f"    {_date(attempt.at)}  {said} ({attempt.duration_ms:.0f} ms)")


@webhook_commands.command("replay")
@click.argument("delivery_id")
def replay(delivery_id: str) -> None:
    """Send a message again, with the same webhook-id."""
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        new = deliveries.replay(db, delivery_id, parts.now)
        note(db, parts, Action.WEBHOOK_REPLAY, f"webhook/{delivery_id}")
    click.echo(f"{new} will be sent by the worker.")


@webhook_commands.command("test")
@click.argument("verification_id")
def send_test(verification_id: str) -> None:
    """Send a test event to a verification's endpoint."""
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        new = deliveries.send_test(db, verification_id, parts.now)
        note(db, parts, Action.WEBHOOK_TEST, f"verification/{verification_id}")
    click.echo(f"{new} will be sent by the worker.")


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
