"""`X-API-Key` on webhooks: off unless a verification asks for it, for receivers that know no signatures.

It is a password sent along with every event, so it proves less than the signature beside it, and is neither
an API key of this service nor good for anything but being compared by the receiver.
"""

import re
import secrets as random_source

from sqlalchemy.orm import Session

from app.errors import InputError, NotFoundError
from app.models import Verification, WebhookApiKey
from app.sealing import Purpose, Sealer
from app.verifications.store import load_current

# What a header may hold without being cut, folded or joined on its way.
_VALUE = re.compile(r"[\x21-\x7e]{16,512}")
KEY_BYTES = 32
FIELD = "webhookApiKey"


def set_key(db: Session, sealer: Sealer, verification_id: str, now: float, value: str | None = None) -> str:
    """Keep this key, or a new one, in place of the one before; returns it."""
    if db.get(Verification, verification_id) is None:
        raise NotFoundError("no such verification")
    value = value or random_source.token_urlsafe(KEY_BYTES)
    if not _VALUE.fullmatch(value):
        raise InputError(FIELD, "must be 16 to 512 visible ASCII characters")
    sealed = sealer.seal(Purpose.WEBHOOK_API_KEY, verification_id, value.encode())
    db.merge(WebhookApiKey(verification_id=verification_id, sealed_value=sealed, created_at=now))
    db.flush()
    return value


def wanted_key(db: Session, sealer: Sealer, verification_id: str) -> str | None:
    """Return the key that this verification's events are to carry; None = none."""
    try:
        wanted = load_current(db, verification_id).configuration.webhook_config.send_api_key
    except NotFoundError:
        return None
    row = db.get(WebhookApiKey, verification_id) if wanted else None
    if row is None:
        return None
    return sealer.open(Purpose.WEBHOOK_API_KEY, verification_id, row.sealed_value).decode()
