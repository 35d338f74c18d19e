"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for a lost phone."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import urlsplit

import pyotp
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.models import Operator, RecoveryCode
from app.sealing import Purpose, Sealer

STEP_SECONDS = 30
# One step to either side: phones' clocks differ, and typing takes a while.
DRIFT_STEPS = 1
CODE_DIGITS = 6
SECRET_BYTES = 20
RECOVERY_CODES = 10
RECOVERY_BYTES = 10

RandomBytes = Callable[[int], bytes]


def has_second_factor(operator: Operator) -> bool:
    """Tell whether a code was ever entered for the operator's secret."""
    return operator.totp_confirmed_at is not None


def begin_enrolment(sealer: Sealer, operator: Operator, random_bytes: RandomBytes) -> str:
    """Return the secret that waits for its first code; made when there is none yet."""
    if operator.sealed_totp is None:
        secret = base64.b32encode(random_bytes(SECRET_BYTES))
        operator.sealed_totp = sealer.seal(Purpose.OPERATOR_TOTP, operator.id, secret)
    return _secret_of(sealer, operator)


def confirm_enrolment(
    db: Session, sealer: Sealer, operator: Operator, code: str, now: float, random_bytes: RandomBytes
) -> list[str] | None:
    """Take the first code and return new recovery codes, to be shown once; None for a wrong code."""
    if not use_code(sealer, operator, code, now):
        return None
    operator.totp_confirmed_at = now
    return new_recovery_codes(db, operator, random_bytes)


def use_code(sealer: Sealer, operator: Operator, code: str, now: float) -> bool:
    """Tell whether a code is right for this moment; each counts once, none after a later one."""
    if operator.sealed_totp is None:
        return False
    totp = pyotp.TOTP(_secret_of(sealer, operator), digits=CODE_DIGITS, interval=STEP_SECONDS)
    given, present = _digits(code), int(now) // STEP_SECONDS
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        right = hmac.compare_digest(totp.at(step * STEP_SECONDS).encode(), given.encode())
        if right and step > (operator.last_totp_step or 0):
            operator.last_totp_step = step
            return True
    return False


def new_recovery_codes(db: Session, operator: Operator, random_bytes: RandomBytes) -> list[str]:
    """Replace every recovery code and return the new ones; only hashes are kept."""
    db.execute(delete(RecoveryCode).where(RecoveryCode.operator_id == operator.id))
    codes = [_readable(random_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    db.add_all(RecoveryCode(code_hash=_hash(code), operator_id=operator.id) for code in codes)
    return codes


def use_recovery_code(db: Session, operator: Operator, code: str, now: float) -> bool:
    """Tell whether a recovery code is right; it is used up."""
    used = db.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.code_hash == _hash(code),
            RecoveryCode.operator_id == operator.id,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return bool(used.rowcount)  # type: ignore[attr-defined]


def recovery_codes_left(db: Session, operator_id: str) -> int:
    """Return how many codes were not used yet."""
    return len(db.scalars(select(RecoveryCode).filter_by(operator_id=operator_id, used_at=None)).all())


def forget_second_factor(db: Session, operator: Operator) -> None:
    """Take secret and recovery codes away; the next login sets up new ones."""
    operator.sealed_totp, operator.totp_confirmed_at, operator.last_totp_step = None, None, None
    db.execute(delete(RecoveryCode).where(RecoveryCode.operator_id == operator.id))


def enrolment_uri(secret: str, email: str, public_url: str) -> str:
    """Return the `otpauth:` address that authenticator apps read from a QR code."""
    issuer = f"Visavis {urlsplit(public_url).hostname}"
    return pyotp.TOTP(secret, digits=CODE_DIGITS, interval=STEP_SECONDS).provisioning_uri(
        name=email, issuer_name=issuer
    )


def _secret_of(sealer: Sealer, operator: Operator) -> str:
    assert operator.sealed_totp is not None  # noqa: S101 -- callers have looked
    return sealer.open(Purpose.OPERATOR_TOTP, operator.id, operator.sealed_totp).decode()


def _digits(code: str) -> str:
    return "".join(sign for sign in code if sign in "0123456789")


def _readable(random: bytes) -> str:
    """Return 80 bits as four groups of four letters and digits (RFC 4648, base 32)."""
    text = base64.b32encode(random).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _hash(code: str) -> str:
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
