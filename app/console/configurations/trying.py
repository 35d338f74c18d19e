"""Links to try a configuration with: signed as a site would sign them, good once and for ten minutes."""

import secrets
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app import projects
from app.sealing import Sealer
from app.signing import parameters as names
from app.signing.request_link import request_signature
from app.verifications.store import load_current

LIFETIME_SECONDS = 600
NONCE_BYTES = 16


def try_link(
    db: Session, sealer: Sealer, public_url: str, verification_id: str, external_id: str, now: float
) -> str:
    """Return a signed link to the published version."""
    published = load_current(db, verification_id)
    keyring = projects.load_keyring(db, sealer, published.project_id)
    pairs = {
        names.EXTERNAL_ID: external_id,
        names.EXPIRATION: str(int(now) + LIFETIME_SECONDS),
        names.NONCE: secrets.token_hex(NONCE_BYTES),
    }
    query = urlencode({name: value for name, value in pairs.items() if value})
    signature = request_signature(verification_id, query, keyring)
    return f"{public_url}/verification/{verification_id}?{query}&{names.SIGNATURE}={signature}"
