"""`flask keys …`: the master key, and the keys that it wraps."""

import base64
import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from tqdm import tqdm

from app.audit.actions import Action
from app.commands.auditing import note
from app.commands.faces import project_id_of, project_option
from app.commands.parts import CommandParts, clear_errors, command_parts
from app.faces.collections import get
from app.faces.erasure import erase_traces
from app.faces.rotating import renew_rotation
from app.resealing import require_two_keys, reseal
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


@keys_commands.command("rotate")
@project_option
@click.option("--collection", help="Give the templates of this collection a new rotation instead.")
def rotate(project: str, collection: str | None) -> None:
    """Seal everything under a new master key, all or nothing.

    First restart every process with the new key as VISAVIS_MASTER_KEY and the old one as
    VISAVIS_PREVIOUS_MASTER_KEY: they work before, during and after this command. Once it is done, restart
    them without the old key and destroy it, with the backups that it opens.
    """
    parts = command_parts()
    with clear_errors():
        done = _rotate_master_key(parts) if collection is None else _rotate(parts, project, collection)
        erase_traces(parts.database)
    click.echo(done)


def _rotate_master_key(parts: CommandParts) -> str:
    require_two_keys(parts.sealer)
    with parts.database.transaction() as db:
        count = reseal(db, parts.sealer, _watched)
        note(db, parts, Action.MASTER_KEY_ROTATE, "key/master", {"values": count})
    return f"{count} values are sealed under the new key. Nothing needs the old one any more."


def _rotate(parts: CommandParts, project: str, name: str) -> str:
    with parts.database.transaction() as db:
        collection = get(db, project_id_of(db, project), name)
        count = renew_rotation(db, parts.sealer, collection, parts.now, progress=_watched)
        note(db, parts, Action.COLLECTION_ROTATE, f"collection/{collection.id}", {"templates": count})
    return f"{count} templates of {name} have a new rotation."


def _watched(items: Sequence[Any], caption: str) -> Iterable[Any]:
    return tqdm(items, desc=caption, mininterval=0.5)
