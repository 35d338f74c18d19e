"""One-time result codes: redeemed once, within their minute; every further try is refused and counted."""

import hashlib

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.models import ResultCode


def hash_code(code: str) -> str:
    """Return what is stored of a code: 256 random bits need no slow hash."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def redeem(db: Session, code_hash: str, now: float) -> bool:
    """Spend a code; of any number of simultaneous tries exactly one is told True.

    A refused try is counted on the code, so the caller must commit in that case too.
    """
    spent = db.execute(
        update(ResultCode)
        .where(
            ResultCode.code_hash == code_hash,
            ResultCode.redeemed_at.is_(None),
            ResultCode.expires_at > now,
        )
        .values(redeemed_at=now)
    )
    if spent.rowcount == 1:  # type: ignore[attr-defined]
        return True
    db.execute(
        update(ResultCode)
        .where(ResultCode.code_hash == code_hash)
        .values(refused_redemptions=ResultCode.refused_redemptions + 1, last_refused_at=now)
    )
    return False
