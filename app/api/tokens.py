"""Short-lived bearer tokens: signed, not stored, and worth nothing once their key is revoked."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from app.api.scopes import Scope
from app.errors import UnauthenticatedError
from app.sealing import Purpose, Sealer

# As VerifEye has it: 15 minutes unless asked for otherwise, a minute to an hour.
DEFAULT_SECONDS, SHORTEST_SECONDS, LONGEST_SECONDS = 900, 60, 3600
_SALT = "visavis-api-token-v1"


def make_token(sealer: Sealer, key_id: str, scopes: Iterable[Scope], lives_for: int, now: float) -> str:
    """Return a token for some scopes of a key, good for `lives_for` seconds."""
    content = {"key": key_id, "scopes": sorted(scopes), "seconds": lives_for}
    return str(_serializer(sealer, now).dumps(content))


def read_token(sealer: Sealer, token: str, now: float) -> tuple[str, list[str]]:
    """Return key id and scopes of a token; raise `UnauthenticatedError` for a bad or expired one."""
    serializer = _serializer(sealer, now)
    try:
        content: dict[str, Any] = serializer.loads(token, max_age=LONGEST_SECONDS)
        serializer.loads(token, max_age=content["seconds"])
    except SignatureExpired:
        raise UnauthenticatedError("the token has expired; get a new one from /v1/token/get") from None
    except BadData:
        raise UnauthenticatedError("this is not a token of this service") from None
    return content["key"], content["scopes"]


def expiry(lives_for: int, now: float) -> datetime:
    """Return when a token made now ends."""
    return datetime.fromtimestamp(int(now) + lives_for, UTC)


def _serializer(sealer: Sealer, now: float) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        sealer.derive(Purpose.API_TOKEN),
        salt=_SALT,
        signer=_signer_at(lambda: int(now)),
        signer_kwargs={"digest_method": hashlib.sha256},
    )


def _signer_at(clock: Callable[[], int]) -> type[TimestampSigner]:
    """Return a signer on the service's own clock instead of the machine's."""

    class Signer(TimestampSigner):
        def get_timestamp(self) -> int:
            return clock()

    return Signer
