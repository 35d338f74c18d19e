"""The very first start: nobody can sign in yet, so the service says how somebody can."""

import logging

from app.console.accounts.links import announce_once, first_link
from app.console.accounts.operators import is_first_start
from app.db import Database
from app.sealing import Sealer

log = logging.getLogger(__name__)


def setup_url(database: Database, sealer: Sealer, public_url: str, now: float) -> str | None:
    """Return the link that makes the first owner, for the one process that is to say it; else None."""
    with database.reading() as db:
        if not is_first_start(db):
            return None
    with database.transaction() as db:
        token = first_link(db, sealer, now)
        if token is None or not announce_once(db, token, now):
            return None
    return f"{public_url}/console/setup/{token}"


def announce_setup(database: Database, sealer: Sealer, public_url: str, now: float) -> None:
    """Write that link to the log. Whoever reads the log of this start may own the service."""
    url = setup_url(database, sealer, public_url, now)
    if url is not None:
        log.warning("Nobody can sign in to the console yet. Set up the first owner within a day: %s", url)
