"""The signature schemes a link may use, as a table; each verification lists the ones it accepts."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from app.errors import InputError, SignatureRefusedError
from app.signing.canonical import SIGNATURE_NAME, Pair, SignedKind, canonical_query, message, sign
from app.signing.keyring import Keyring

# What the .NET default URL encoder leaves as it is, besides letters, digits and `- . _ ~`.
_DOTNET_SAFE = "!$()*,:;@"


class Scheme(NamedTuple):
    """How one scheme signs a link."""

    expected: Callable[[str, str, Sequence[Pair]], tuple[str, ...]]
    """(secret, verification id, pairs) -> every signature that is right."""
    keeps_case: bool
    """False when the signature does not protect upper and lower case of names and values."""


class SignatureMatch(NamedTuple):
    """Which secret and which scheme a good signature was made with."""

    key_id: str
    scheme: str


def _hmac_sha256(secret: str, verification_id: str, pairs: Sequence[Pair]) -> tuple[str, ...]:
    text = message(SignedKind.REQUEST, verification_id, canonical_query(pairs))
    return (sign(secret, text),)


def _verifeye_sha256(secret: str, _verification_id: str, pairs: Sequence[Pair]) -> tuple[str, ...]:
    """Sign as VerifEye does: SHA-256 of `?`, the lower-cased sorted query and the API key.

    It knows neither the verification nor the case of what it signs. Its two published samples
    encode differently (C#: a space is `%20`; Python: `+`), so either encoding is right; no text is
    the encoding of two different queries, so accepting both opens nothing.
    """
    folded = sorted((n.lower(), v.lower()) for n, v in pairs if n != SIGNATURE_NAME)
    queries = (_join(folded, lambda text: quote(text, safe=_DOTNET_SAFE)), _join(folded, quote_plus))
    return tuple(hashlib.sha256(f"?{query}{secret}".encode()).hexdigest() for query in queries)


def _join(pairs: Sequence[Pair], encoder: Callable[[str], str]) -> str:
    return "&".join(f"{encoder(name)}={encoder(value)}" for name, value in pairs)


SCHEMES: dict[str, Scheme] = {
    "hmac-sha256": Scheme(_hmac_sha256, keeps_case=True),
    "verifeye-sha256": Scheme(_verifeye_sha256, keeps_case=False),
}
DEFAULT_SCHEMES = ("hmac-sha256",)


def signature_of(scheme: str, verification_id: str, pairs: Sequence[Pair], keyring: Keyring) -> str:
    """Sign the pairs of a link in one of `SCHEMES` with the newest secret."""
    return SCHEMES[scheme].expected(keyring.newest.value, verification_id, pairs)[0]


def match_signature(
    signature: str, verification_id: str, pairs: Sequence[Pair], keyring: Keyring, schemes: Iterable[str]
) -> SignatureMatch:
    """Return who signed these pairs of a link; raise `SignatureRefusedError` when nobody did."""
    matches = [
        SignatureMatch(key_id, name)
        for name in schemes
        if (key_id := _find_signer(signature, verification_id, pairs, keyring, name)) is not None
    ]
    if not matches:
        raise SignatureRefusedError("wrong signature")
    return matches[0]


def _find_signer(
    signature: str, verification_id: str, pairs: Sequence[Pair], keyring: Keyring, scheme: str
) -> str | None:
    if scheme not in SCHEMES:
        raise InputError("signatureSchemes", f"unknown scheme; known are {', '.join(SCHEMES)}")
    expected = SCHEMES[scheme].expected
    return keyring.find_signer(signature, lambda secret: expected(secret, verification_id, pairs))
