"""What operators do is written down, in the transaction that does it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.audit.actions import Actor
from app.audit.log import record
from app.console.parts import now, operator
from app.models import Operator


def record_audit(
    db: Session,
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    account: Operator | None = None,
) -> None:
    """Record one deed of the signed-in operator; call it last in the transaction that does it.

    `action` is `noun.verb` in lower case, `subject` a kind and an id (`verification/3f2a…`, never a
    person's name or external id). `account` is given only where somebody is just signing in.
    """
    who = Actor(account.email, account.role) if account else _signed_in()
    record(db, who, action, subject, before, after, now())


def _signed_in() -> Actor:
    who = operator()
    return Actor(who.email, who.role.value)
