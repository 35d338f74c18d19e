"""`flask keys …`: the master key."""

import base64
import os
import secrets
from pathlib import Path

import click
from flask.cli import AppGroup

from app.settings import DEFAULT_MASTER_KEY_FILE, MASTER_KEY_BYTES

keys_commands = AppGroup("keys", help="The master key, which wraps every secret and template key.")


@keys_commands.command("generate")
@click.option(
    "--to", "target", type=click.Path(path_type=Path), default=DEFAULT_MASTER_KEY_FILE, show_default=True
)
@click.option("--if-missing", is_flag=True, help="Do nothing when the file exists.")
def generate(target: Path, if_missing: bool) -> None:
    """Write a new master key to a file that only its owner can read.

    Keep a copy apart from the database's backups: without the key they are worthless, with it they
    are faces.
    """
    if target.exists():
        if if_missing:
            return
        raise click.ClickException(f"{target} exists; a new key would make everything stored unreadable")
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)).decode() + "\n")
    click.echo(f"Wrote {target}.")
