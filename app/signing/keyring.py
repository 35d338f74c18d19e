"""The signing secrets of one project: the newest signs, all of them verify."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from app.errors import InputError
from app.signing.canonical import same_text, sign

# Two are enough to rotate: the new one signs while links made with the old one are still about.
MAX_LIVE_SECRETS = 2
# 128 bits if every character carried a full byte. RFC 2104 §3 advises against keys shorter than the
# digest; secrets that `generate_secret` makes have 256 bits, this floor only stops "test" and "".
MIN_SECRET_CHARACTERS = 16
GENERATED_SECRET_BYTES = 32
# Lets a secret scanner, or a tired engineer, tell it from an API key.
SECRET_PREFIX = "vvs_"  # noqa: S105 - the public part


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """One shared secret; its text is left out of every representation."""

    id: str
    """Public name of the secret, to be recorded when it was used."""
    value: str = field(repr=False)
    """The secret itself; its UTF-8 bytes are the HMAC key."""
    created_at: datetime
    """When it was made; decides which one is the newest."""
    last_used_at: float | None = None
    """Unix seconds, to the minute, at which it last verified a link."""

    def __post_init__(self) -> None:
        if len(self.value) < MIN_SECRET_CHARACTERS:
            raise InputError("signingSecret", f"at least {MIN_SECRET_CHARACTERS} characters")


@dataclass(frozen=True, slots=True)
class Keyring:
    """One or two live secrets; raises `InputError` for none (nothing may verify) or more."""

    secrets: tuple[SigningSecret, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.secrets) <= MAX_LIVE_SECRETS:
            raise InputError("signingSecrets", f"one to {MAX_LIVE_SECRETS} live secrets")

    @property
    def newest(self) -> SigningSecret:
        """The secret that signs."""
        return max(self.secrets, key=lambda secret: (secret.created_at, secret.id))

    def sign(self, signed_message: bytes) -> str:
        """Sign with the newest secret."""
        return sign(self.newest.value, signed_message)

    def verify(self, signed_message: bytes, signature: str) -> str | None:
        """Return the id of the secret that made `signature`, or None when none did."""
        return self.find_signer(signature, lambda secret: (sign(secret, signed_message),))

    def find_signer(self, signature: str, expected: Callable[[str], Iterable[str]]) -> str | None:
        """Return the id of the secret for which `expected(secret)` holds `signature`, or None.

        Every candidate of every secret is computed and compared, so that the time taken does not
        tell which secret matched, or how nearly.
        """
        matches = [
            (same_text(candidate, signature), secret.id)
            for secret in self.secrets
            for candidate in expected(secret.value)
        ]
        return next((key_id for is_match, key_id in matches if is_match), None)


def generate_secret(token_bytes: Callable[[int], bytes]) -> str:
    """Return a new secret of 256 bits; `token_bytes` is `secrets.token_bytes` in production."""
    random = urlsafe_b64encode(token_bytes(GENERATED_SECRET_BYTES)).rstrip(b"=")
    return SECRET_PREFIX + random.decode()
