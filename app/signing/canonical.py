"""The canonical form of a query string, and the HMAC over it (scheme `hmac-sha256`).

Six steps, the same for a link and for a result: parse as `application/x-www-form-urlencoded`, drop
`reSignature`, sort by the UTF-8 bytes of (name, value), encode everything but the unreserved
characters of RFC 3986 §2.3, prefix purpose and verification id, HMAC-SHA256 as lower-case hex.
"""

import hmac
import re
from collections.abc import Sequence
from enum import StrEnum
from urllib.parse import quote, unquote_to_bytes

from app.errors import InputError, NotFoundError, TooLargeError

Pair = tuple[str, str]

SIGNATURE_NAME = "reSignature"
QUERY_FIELD = "query"  # how errors name the query string when no single parameter is to blame

# The promised limit of a link. A proxy that allows more is of no use: many stop at 8 KB too.
MAX_LINK_BYTES = 8192
# 32 parameters of the site's own, some 30 that we know, and room for reserved names still to come.
MAX_PAIRS = 128

_MALFORMED_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]*")
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]*")
_VERIFICATION_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class SignedKind(StrEnum):
    """What a signature is for; one purpose's signature is never good for the other."""

    REQUEST = "request"
    RESULT = "result"


def is_visible_ascii(text: str) -> bool:
    """Tell whether every character may stand in a URL as it is: no space, control or non-ASCII."""
    return _VISIBLE_ASCII.fullmatch(text) is not None


def check_verification_id(verification_id: str) -> None:
    """Refuse anything but a lower-case dashed GUID with `NotFoundError`."""
    if not _VERIFICATION_ID.fullmatch(verification_id):
        raise NotFoundError("no such verification")


def parse_query(raw: bytes | str) -> list[Pair]:
    """Read a raw query string (without the leading `?`) into decoded (name, value) pairs, in order.

    `+` is a space, blank values are kept, a name without `=` has a blank value, and empty segments
    between two `&` say nothing. Raises `InputError` for a malformed escape, for bytes that are not
    UTF-8 and for raw characters that no URL may hold; `TooLargeError` past 8 KB or 128 pairs.
    """
    segments = [segment for segment in _visible_ascii(raw).split("&") if segment]
    if len(segments) > MAX_PAIRS:
        raise TooLargeError(QUERY_FIELD, f"at most {MAX_PAIRS} parameters")
    return [_parse_pair(segment) for segment in segments]


def _visible_ascii(raw: bytes | str) -> str:
    if len(raw) > MAX_LINK_BYTES:
        raise TooLargeError(QUERY_FIELD, f"at most {MAX_LINK_BYTES} bytes")
    # latin-1 maps each byte to the code point of the same number, so nothing is lost or hidden.
    text = raw.decode("latin-1") if isinstance(raw, bytes) else raw
    if not is_visible_ascii(text):
        raise InputError(QUERY_FIELD, "holds a raw space, control or non-ASCII character; percent-encode it")
    return text


def _parse_pair(segment: str) -> Pair:
    name, _, value = segment.partition("=")
    return _decode(name), _decode(value)


def _decode(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text  # ASCII already: most values are, and every link is decoded
    if _MALFORMED_ESCAPE.search(text):
        raise InputError(QUERY_FIELD, "holds a % that is not followed by two hexadecimal digits")
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(QUERY_FIELD, "holds escapes that are not UTF-8") from None


def encode(text: str) -> str:
    """Percent-encode all but `A-Z a-z 0-9 - . _ ~`, as UTF-8, with upper-case hex."""
    if _UNRESERVED.fullmatch(text):
        return text
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise InputError(QUERY_FIELD, "holds half a surrogate pair, which is no character") from None


def join_pairs(pairs: Sequence[Pair]) -> str:
    """Encode pairs as `name=value` joined with `&`, in the order given."""
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)


def canonical_query(pairs: Sequence[Pair]) -> str:
    """Return the one text that stands for these pairs, whatever their order or encoding was."""
    signed = [pair for pair in pairs if pair[0] != SIGNATURE_NAME]
    # Code points sort like their UTF-8 bytes, so Python's own order of strings is the one wanted.
    return join_pairs(sorted(signed))


def message(kind: SignedKind, verification_id: str, canonical: str) -> bytes:
    """Return the bytes to sign: purpose, verification and canonical query, one a line."""
    check_verification_id(verification_id)  # no line feed can get in and shift the lines
    return f"visavis-{kind}-v1\n{verification_id}\n{canonical}".encode()


def sign(secret: str, signed_message: bytes) -> str:
    """Return the lower-case hex HMAC-SHA256 (64 characters) under the UTF-8 bytes of `secret`."""
    return hmac.new(secret.encode(), signed_message, "sha256").hexdigest()


def verify(secret: str, signed_message: bytes, signature: str) -> bool:
    """Tell in constant time whether `signature` is exactly what `sign` returns."""
    return same_text(sign(secret, signed_message), signature)


def same_text(expected: str, given: str) -> bool:
    """Compare two strings in time that does not depend on where they differ."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))
