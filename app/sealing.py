"""Everything secret at rest goes through here: AES-256-GCM under keys derived from the master key.

One key per purpose (HKDF-SHA256 with the purpose as `info`), and the row's identity as associated data: a
sealed value copied to another row or another kind of row does not open.
"""

import os
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
    PAGE_TOKEN = "visavis/page-token"  # noqa: S105
    API_KEY = "visavis/api-key"
    API_TOKEN = "visavis/api-token"  # noqa: S105
    IDEMPOTENT_RESPONSE = "visavis/idempotent-response"
    REDACTION = "visavis/redaction"


class SealBrokenError(VisavisError):
    """A sealed value was altered, belongs to another row, or was made under another master key."""


class Sealer:
    """Seals and opens values under one master key."""

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError(f"the master key must have {KEY_BYTES} bytes")
        self._master_key = master_key

    def derive(self, purpose: Purpose) -> bytes:
        """Return the 32-byte key of one purpose (RFC 5869; the master key is already uniform)."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.value.encode()).derive(self._master_key)

    def seal(self, purpose: Purpose, owner: str, plaintext: bytes) -> bytes:
        """Encrypt `plaintext` for the row named `owner`: nonce, ciphertext and tag in one."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.derive(purpose)).encrypt(nonce, plaintext, owner.encode())

    def open(self, purpose: Purpose, owner: str, sealed: bytes) -> bytes:
        """Decrypt; raise `SealBrokenError` unless it was sealed for this purpose and owner."""
        try:
            return AESGCM(self.derive(purpose)).decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner.encode()
            )
        except InvalidTag:
            raise SealBrokenError("a sealed value does not open with this master key") from None
