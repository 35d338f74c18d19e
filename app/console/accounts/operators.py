"""Operators: made, found, changed, disabled. There is always an owner left."""

import re
from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.console.accounts.passwords import check_password, hash_password
from app.console.accounts.sessions import end_sessions
from app.console.roles import Role
from app.db import hold
from app.errors import AlreadyExistsError, InputError, NotFoundError
from app.models import Operator

MAX_EMAIL = 254
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+|[^@\s]+@localhost")


def create_operator(db: Session, email: str, role: Role, now: float) -> Operator:
    """Make an account that nobody can sign in to until its link was used."""
    email = read_email(email)
    hold(db, f"operator/{email}")
    if find_by_email(db, email) is not None:
        raise AlreadyExistsError(f"there is an operator {email} already")
    operator = Operator(id=str(uuid4()), email=email, role=role.value, created_at=now)
    db.add(operator)
    db.flush()
    return operator


def read_email(text: str) -> str:
    """Return an e-mail address as it is kept; `InputError` when it is none."""
    email = text.strip().lower()
    if len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email):
        raise InputError("email", "must be an e-mail address such as anna@shop.example")
    return email


def find_by_email(db: Session, email: str) -> Operator | None:
    """Return the operator with this address, disabled or not."""
    return db.scalar(select(Operator).where(Operator.email == email.strip().lower()))


def load_operator(db: Session, operator_id: str) -> Operator:
    """Return an operator; `NotFoundError` when there is none."""
    operator = db.get(Operator, operator_id)
    if operator is None:
        raise NotFoundError("no such operator")
    return operator


def list_operators(db: Session) -> Sequence[Operator]:
    """Return everybody, by address."""
    return db.scalars(select(Operator).order_by(Operator.email)).all()


def set_password(operator: Operator, password: str) -> None:
    """Check and keep a password; `InputError` says why one is refused."""
    check_password(password, operator.email)
    operator.password_hash = hash_password(password)


def change_role(db: Session, operator: Operator, role: Role) -> None:
    """Give another role; the last owner stays one."""
    if role is not Role.OWNER:
        _require_another_owner(db, operator)
    operator.role = role.value


def disable_operator(db: Session, operator: Operator, now: float) -> None:
    """Sign an operator out everywhere and let them in no more; the last owner stays."""
    _require_another_owner(db, operator)
    operator.disabled_at = now
    end_sessions(db, operator.id)


def enable_operator(operator: Operator) -> None:
    """Let a disabled operator in again, with the password and second factor of before."""
    operator.disabled_at = None


def is_first_start(db: Session) -> bool:
    """Tell whether nobody can sign in: there is no owner with a password."""
    ready = select(func.count()).where(Operator.role == Role.OWNER, Operator.password_hash.is_not(None))
    return not db.scalar(ready)


def _require_another_owner(db: Session, operator: Operator) -> None:
    if operator.role != Role.OWNER:
        return
    hold(db, "operator-owners")
    others = select(func.count()).where(
        Operator.role == Role.OWNER,
        Operator.disabled_at.is_(None),
        Operator.password_hash.is_not(None),
        Operator.id != operator.id,
    )
    if not db.scalar(others):
        raise InputError("role", "this is the last owner; make somebody else an owner first")
