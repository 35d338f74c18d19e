"""Webhook secrets of a verification: shown once, stored sealed, two live while they are rotated."""

import base64
import secrets as random_source

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import InputError, NotFoundError
from app.models import Verification, WebhookSecret
from app.sealing import Purpose, Sealer
from app.webhooks.message import SECRET_BYTES

MAX_LIVE_SECRETS = 2
PREFIX = "whsec_"


def add_secret(db: Session, sealer: Sealer, verification_id: str, now: float) -> tuple[str, str]:
    """Add a secret and return its id and value; `InputError` when two are live already."""
    if db.get(Verification, verification_id) is None:
        raise NotFoundError("no such verification")
    if len(_live(db, verification_id)) >= MAX_LIVE_SECRETS:
        raise InputError("webhookSecrets", f"{MAX_LIVE_SECRETS} are live; retire the older one first")
    secret_id = random_source.token_hex(8)
    value = PREFIX + base64.b64encode(random_source.token_bytes(SECRET_BYTES)).decode()
    sealed = sealer.seal(Purpose.WEBHOOK_SECRET, secret_id, value.encode())
    db.add(WebhookSecret(id=secret_id, verification_id=verification_id, sealed_value=sealed, created_at=now))
    db.flush()
    return secret_id, value


def retire_secret(db: Session, secret_id: str, now: float) -> None:
    """End one secret at once; the last live one stays."""
    row = db.get(WebhookSecret, secret_id)
    if row is None or row.retired_at is not None:
        raise NotFoundError(f"no live webhook secret {secret_id}")
    if len(_live(db, row.verification_id)) < MAX_LIVE_SECRETS:
        raise InputError("webhookSecrets", "this is the only live one; add another first")
    row.retired_at = now


def list_secrets(db: Session, verification_id: str) -> list[WebhookSecret]:
    """Return all secrets, newest first, values still sealed."""
    rows = db.scalars(select(WebhookSecret).where(WebhookSecret.verification_id == verification_id))
    return sorted(rows, key=lambda row: row.created_at, reverse=True)


def live_secrets(db: Session, sealer: Sealer, verification_id: str) -> list[str]:
    """Open the live secrets, newest first."""
    return [
        sealer.open(Purpose.WEBHOOK_SECRET, row.id, row.sealed_value).decode()
        for row in _live(db, verification_id)
    ]


def _live(db: Session, verification_id: str) -> list[WebhookSecret]:
    return [row for row in list_secrets(db, verification_id) if row.retired_at is None]
