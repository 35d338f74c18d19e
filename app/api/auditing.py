"""What a key of the API changes for good is written down."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.api.guards import caller
from app.audit.actions import Action, api_key
from app.audit.log import record
from app.hosted.guards import runtime


def note(
    db: Session,
    action: Action,
    subject: str,
    after: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None,
) -> None:
    """Record one deed of the calling key; call it last in the transaction that does it."""
    record(db, api_key(caller().key_id), action, subject, before, after, runtime().clock())
