"""What commands are given: settings, database and sealer, built when first asked for."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from app.db import Database
from app.errors import VisavisError
from app.resealing import retained_keys
from app.schema import require_current
from app.sealing import Sealer
from app.settings import Settings


@dataclass(frozen=True)
class CommandParts:
    """Enough for every command that runs no model."""

    settings: Settings
    database: Database
    sealer: Sealer
    now: float


def load_settings() -> Settings:
    """Parse the environment; a problem ends the command with one clear line."""
    with clear_errors():
        return Settings.from_env(os.environ)


def command_parts(*, check_schema: bool = True) -> CommandParts:
    """Return the parts, after checking that the database has the schema of this release."""
    settings = load_settings()
    database = Database(settings.database_url)
    click.get_current_context().call_on_close(database.engine.dispose)
    with clear_errors():
        if check_schema:
            require_current(database)
    sealer = Sealer(settings.master_key, settings.previous_master_key, retained_keys(database))
    return CommandParts(settings, database, sealer, time.time())


@contextmanager
def clear_errors() -> Iterator[None]:
    """Show our own errors as one line and exit status 1 instead of a traceback."""
    try:
        yield
    except VisavisError as error:
        raise click.ClickException(str(error)) from None
