"""What is done on the command line is written down like everything else."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.audit.actions import COMMAND_LINE, Action
from app.audit.log import record
from app.commands.parts import CommandParts


def note(
    db: Session,
    parts: CommandParts,
    action: Action,
    subject: str,
    after: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None,
) -> None:
    """Record one deed; call it last in the transaction that does it."""
    record(db, COMMAND_LINE, action, subject, before, after, parts.now)
