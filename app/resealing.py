"""A new master key: everything sealed under the old one is sealed again, in one transaction.

While the change is under way the service runs with both keys, `VISAVIS_MASTER_KEY` (the new one, which
seals) and `VISAVIS_PREVIOUS_MASTER_KEY` (which still opens); afterwards the old key can be destroyed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import Base, Database
from app.errors import SettingsError
from app.models import (
    CaptureAttempt,
    CaptureBatch,
    Collection,
    IdempotentRequest,
    Operator,
    RetainedKey,
    ReviewCase,
    SigningSecretRow,
    VerificationSession,
    WebhookApiKey,
    WebhookSecret,
)
from app.sealing import ONE_WAY, Purpose, SealBrokenError, Sealer

Progress: TypeAlias = Callable[[Sequence[Any], str], Iterable[Any]]
"""Wraps a sequence, with a caption, so that a person can watch it pass."""


@dataclass(frozen=True)
class SealedColumn:
    """One column of sealed values, and whom each value belongs to."""

    table: type[Base]
    name: str
    purpose: Purpose
    owner: Callable[[Session, Any], str]
    """The `owner` that `Sealer.seal` was given for a row."""


def _attempt_part(db: Session, batch: CaptureBatch) -> str:
    attempt = db.get_one(CaptureAttempt, batch.attempt_id)
    return f"{attempt.session_id}/{attempt.number}/{batch.first_frame}"


SEALED_COLUMNS: tuple[SealedColumn, ...] = (
    SealedColumn(SigningSecretRow, "sealed_value", Purpose.SIGNING_SECRET, lambda _, row: row.id),
    SealedColumn(Collection, "sealed_rotation", Purpose.COLLECTION_ROTATION, lambda _, row: row.id),
    SealedColumn(
        Collection, "sealed_next_rotation", Purpose.COLLECTION_ROTATION, lambda _, row: f"{row.id}/next"
    ),
    SealedColumn(VerificationSession, "sealed_link", Purpose.LINK, lambda _, row: row.id),
    SealedColumn(CaptureAttempt, "sealed_progress", Purpose.CHALLENGE, lambda _, row: row.session_id),
    SealedColumn(CaptureBatch, "sealed_measurements", Purpose.CAPTURE_EVIDENCE, _attempt_part),
    SealedColumn(
        IdempotentRequest,
        "sealed_answer",
        Purpose.IDEMPOTENT_RESPONSE,
        lambda _, row: f"{row.api_key_id}/{row.key}",
    ),
    SealedColumn(WebhookSecret, "sealed_value", Purpose.WEBHOOK_SECRET, lambda _, row: row.id),
    SealedColumn(WebhookApiKey, "sealed_value", Purpose.WEBHOOK_API_KEY, lambda _, row: row.verification_id),
    SealedColumn(Operator, "sealed_totp", Purpose.OPERATOR_TOTP, lambda _, row: row.id),
    SealedColumn(ReviewCase, "sealed_template", Purpose.REVIEW_TEMPLATE, lambda _, row: row.session_id),
    SealedColumn(RetainedKey, "sealed_key", Purpose.RETAINED_KEY, lambda _, row: row.purpose),
)


def reseal(db: Session, sealer: Sealer, progress: Progress) -> int:
    """Seal everything under the sealer's newest key and return how many values that were.

    Rows are locked until the caller's transaction ends; whoever holds only the old key cannot read them
    afterwards. `SealBrokenError` names the first value that neither key opens, and nothing is changed.
    """
    _retain_one_way_keys(db, sealer)
    rows = [(column, key) for column in SEALED_COLUMNS for key in _filled(db, column)]
    for column, key in progress(rows, "sealed values"):
        row = db.get_one(column.table, key, with_for_update=True)
        setattr(row, column.name, _resealed(db, sealer, column, row))
        db.flush()
        db.expire(row)
    return len(rows)


def retained_keys(database: Database) -> Callable[[Purpose], bytes | None]:
    """Return what looks up the sealed key that a purpose has kept since an older master key."""

    def load(purpose: Purpose) -> bytes | None:
        with database.reading() as db:
            return db.scalar(select(RetainedKey.sealed_key).filter_by(purpose=purpose.value))

    return load


def require_two_keys(sealer: Sealer) -> None:
    """Raise `SettingsError` unless there is an old key to open with and a new one to seal with."""
    if not sealer.has_previous_key:
        raise SettingsError(
            "VISAVIS_PREVIOUS_MASTER_KEY: give the old key there, and the new one as MASTER_KEY"
        )


def _retain_one_way_keys(db: Session, sealer: Sealer) -> None:
    for purpose in ONE_WAY:
        if db.get(RetainedKey, purpose.value) is None:
            sealed = sealer.seal(Purpose.RETAINED_KEY, purpose.value, sealer.derive(purpose))
            db.add(RetainedKey(purpose=purpose.value, sealed_key=sealed))
    db.flush()


def _filled(db: Session, column: SealedColumn) -> list[Any]:
    """Return the primary keys of the rows that have a value; a destroyed key is empty, not null."""
    sealed = getattr(column.table, column.name)
    identity = list(column.table.__table__.primary_key)
    rows = db.execute(select(*identity).where(func.length(sealed) > 0).order_by(*identity))
    return [tuple(row) for row in rows]


def _resealed(db: Session, sealer: Sealer, column: SealedColumn, row: object) -> bytes:
    owner = column.owner(db, row)
    try:
        opened = sealer.open(column.purpose, owner, getattr(row, column.name))
    except SealBrokenError:
        where = f"{column.table.__tablename__}.{column.name} of {owner}"
        raise SealBrokenError(f"{where} opens with neither key; nothing was changed") from None
    return sealer.seal(column.purpose, owner, opened)
