"""Everything secret at rest goes through here: AES-256-GCM under keys derived from the master key.

One key per purpose (HKDF-SHA256 with the purpose as `info`), and the row's identity as associated data: a
sealed value copied to another row or another kind of row does not open.
"""

import functools
import os
from collections.abc import Callable
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.errors import VisavisError

KEY_BYTES = 32
NONCE_BYTES = 12


class Purpose(StrEnum):
    """Kinds of sealed values; the name is part of the key derivation and must never change."""

    SIGNING_SECRET = "visavis/signing-secret"  # noqa: S105 -- a label, not a secret
    COLLECTION_ROTATION = "visavis/collection-rotation"
    CAPTURE_EVIDENCE = "visavis/capture-evidence"
    CHALLENGE = "visavis/challenge"
    LINK = "visavis/link"
    WEBHOOK_SECRET = "visavis/webhook-secret"  # noqa: S105
    WEBHOOK_API_KEY = "visavis/webhook-api-key"
    HAND_OVER = "visavis/hand-over"
    PAGE_TOKEN = "visavis/page-token"  # noqa: S105
    API_KEY = "visavis/api-key"
    API_TOKEN = "visavis/api-token"  # noqa: S105
    IDEMPOTENT_RESPONSE = "visavis/idempotent-response"
    REDACTION = "visavis/redaction"
    REVIEW_TEMPLATE = "visavis/review-template"
    RETAINED_KEY = "visavis/retained-key"
    OPERATOR_TOTP = "visavis/operator-totp"
    OPERATOR_LINK = "visavis/operator-link"


# What these keys made are hashes, which nobody can make anew: the keys outlive the master key.
ONE_WAY = frozenset({Purpose.API_KEY, Purpose.REDACTION, Purpose.OPERATOR_LINK})

RetainedKeys = Callable[[Purpose], bytes | None]
"""Purpose → the sealed key that it keeps since an older master key; None = it never had another."""


class SealBrokenError(VisavisError):
    """A sealed value was altered, belongs to another row, or was made under another master key."""


class Sealer:
    """Seals under the master key; opens what it, or the key before it, has sealed."""

    def __init__(
        self, master_key: bytes, previous_key: bytes | None = None, retained: RetainedKeys | None = None
    ) -> None:
        self._keys = [master_key] if previous_key is None else [master_key, previous_key]
        if any(len(key) != KEY_BYTES for key in self._keys):
            raise ValueError(f"the master key must have {KEY_BYTES} bytes")
        self._retained = retained
        self._one_way: dict[Purpose, bytes] = {}

    @property
    def has_previous_key(self) -> bool:
        """True while the master key is being changed."""
        return len(self._keys) > 1

    def derive(self, purpose: Purpose) -> bytes:
        """Return the 32-byte key of one purpose; those of `ONE_WAY` stay when the master key changes."""
        if purpose not in ONE_WAY:
            return _derived(self._keys[0], purpose)
        if purpose not in self._one_way:
            sealed = self._retained(purpose) if self._retained is not None else None
            self._one_way[purpose] = (
                self.open(Purpose.RETAINED_KEY, purpose.value, sealed)
                if sealed is not None
                else _derived(self._keys[-1], purpose)
            )
        return self._one_way[purpose]

    def derive_all(self, purpose: Purpose) -> list[bytes]:
        """Return the key of one purpose under each master key, newest first: for what lives for minutes."""
        return [_derived(key, purpose) for key in self._keys]

    def seal(self, purpose: Purpose, owner: str, plaintext: bytes) -> bytes:
        """Encrypt `plaintext` for the row named `owner`: nonce, ciphertext and tag in one."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.derive(purpose)).encrypt(nonce, plaintext, owner.encode())

    def open(self, purpose: Purpose, owner: str, sealed: bytes) -> bytes:
        """Decrypt; raise `SealBrokenError` unless it was sealed for this purpose and owner."""
        for key in self.derive_all(purpose):
            try:
                return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner.encode())
            except InvalidTag:
                continue
        raise SealBrokenError("a sealed value does not open with this master key")


@functools.lru_cache(maxsize=256)
def _derived(master_key: bytes, purpose: Purpose) -> bytes:
    # RFC 5869; the master key is already uniform.
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.value.encode()).derive(master_key)
