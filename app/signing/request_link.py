"""The verification link: from a raw query string to what the relying site asked for, or a refusal."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.errors import InputError, LinkGoneError, SignatureRefusedError, TooLargeError
from app.signing import parameters as names
from app.signing.canonical import (
    QUERY_FIELD,
    Pair,
    SignedKind,
    canonical_query,
    check_verification_id,
    message,
    parse_query,
)
from app.signing.keyring import Keyring
from app.signing.schemes import SCHEMES, SignatureMatch, match_signature

MAX_EXTERNAL_ID_CHARACTERS = 256
MAX_CORRELATION_ID_CHARACTERS = 1024
MAX_CUSTOM_PARAMETERS = 32
# 32 hex digits are the promised 128 bits; four times that is room for anybody's 512-bit digest.
_NONCE = re.compile(r"[0-9A-Fa-f]{32,128}")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,12}")
# The last second of year 9999, where calendars of most databases end. Also catches milliseconds.
MAX_EXPIRATION = 253_402_300_799
# RFC 5646 §4.4.1: longer language tags are not expected, and an unknown one is no error here.
_MAX_LOCALE_CHARACTERS = 35

_KNOWN_BY_FOLDED_NAME = {name.lower(): name for name in names.KNOWN_NAMES}


@dataclass(frozen=True, slots=True)
class VerificationRequest:
    """What a link asks for, after its signature and expiration were checked.

    Overrides and redirect targets are as requested: whether they are honoured, and so whether a
    malformed one matters, depends on the configuration.
    """

    verification_id: str
    """Lower-case dashed GUID."""
    external_id: str | None
    """The site's own id of the person, 1-256 characters."""
    expiration: int | None
    """Unix seconds after which the link is gone."""
    nonce: str | None
    """32-128 hex digits, as sent; present only together with `expiration`."""
    correlation_id: str | None
    """Opaque, echoed in the result."""
    locale: str | None
    """Requested language tag, unchecked but at most 35 characters."""
    overrides: Mapping[str, str]
    """`reDisable…` and `reInclude…` name -> raw text; read with `parse_boolean` when allowed."""
    passed_url: str | None
    """Raw `rePassedUrl`."""
    failed_url: str | None
    """Raw `reFailedUrl`."""
    custom: tuple[Pair, ...]
    """The site's own parameters, in their order; names may repeat."""
    unknown_reserved: tuple[str, ...]
    """Names that look reserved but mean nothing here; ignored, and worth recording."""
    signed: bool
    """True when a good signature was present."""
    key_id: str | None
    """The secret that signed it."""
    scheme: str | None
    """The scheme it was signed with."""
    fingerprint: str
    """64 hex digits: equal for two links exactly when they ask the same of the same verification."""


def parse_request(
    verification_id: str,
    raw_query: bytes | str,
    keyring: Keyring,
    *,
    force_signed: bool,
    schemes: tuple[str, ...],
    now: int,
) -> VerificationRequest:
    """Read and check a verification link; `now` is unix seconds.

    Raises, in this order: `NotFoundError` for an id that is no GUID, `InputError` for a query that
    cannot be parsed or repeats a reserved name, `SignatureRefusedError`, `LinkGoneError` for an
    expired link, `InputError` naming the parameter whose content cannot be used.
    """
    check_verification_id(verification_id)
    pairs = parse_query(raw_query)
    names.refuse_repeated(pairs)
    match = _check_signature(verification_id, pairs, keyring, force_signed, schemes)
    believed = _believed_pairs(pairs, match)
    expiration = _read_expiration(believed, now)
    _refuse_nul(believed)
    fingerprint = _fingerprint(verification_id, believed, signed=match is not None)
    return _build_request(verification_id, believed, expiration, match, fingerprint)


def request_signature(verification_id: str, raw_query: bytes | str, keyring: Keyring) -> str:
    """Return the `reSignature` (scheme `hmac-sha256`, newest secret) for an unsigned query string."""
    pairs = parse_query(raw_query)
    names.refuse_repeated(pairs)
    return keyring.sign(message(SignedKind.REQUEST, verification_id, canonical_query(pairs)))


def parse_boolean(field: str, text: str) -> bool:
    """Read `true` or `false` in any case; anything else is an `InputError` naming `field`."""
    value = {"true": True, "false": False}.get(text.lower())
    if value is None:
        raise InputError(field, "must be true or false")
    return value


def _check_signature(
    verification_id: str, pairs: Sequence[Pair], keyring: Keyring, force_signed: bool, schemes: Iterable[str]
) -> SignatureMatch | None:
    signature = names.first_value(pairs, names.SIGNATURE)
    if signature is not None:
        return match_signature(signature, verification_id, pairs, keyring, schemes)
    if force_signed:
        raise SignatureRefusedError("missing signature")
    return None


def _believed_pairs(pairs: Sequence[Pair], match: SignatureMatch | None) -> list[Pair]:
    """Give up the case that the signature does not protect, where it could change who or when.

    Otherwise whoever holds a link of a case-blind scheme could write `renonce` to use it twice, or
    `ALICE` for `alice` to be enrolled as somebody new instead of being compared.
    """
    if match is None or SCHEMES[match.scheme].keeps_case:
        return list(pairs)
    folded = [_fold(name, value) for name, value in pairs]
    names.refuse_repeated(folded)
    return folded


def _fold(name: str, value: str) -> Pair:
    known = _KNOWN_BY_FOLDED_NAME.get(name.lower(), name)
    return known, value.lower() if known in (names.EXTERNAL_ID, names.NONCE) else value


def _read_expiration(pairs: Sequence[Pair], now: int) -> int | None:
    text = names.first_value(pairs, names.EXPIRATION)
    if text is None:
        return None
    if not _WHOLE_NUMBER.fullmatch(text) or int(text) > MAX_EXPIRATION:
        raise InputError(names.EXPIRATION, "must be a whole number of unix seconds")
    if now > int(text):
        raise LinkGoneError("the link has expired")
    return int(text)


def _refuse_nul(pairs: Iterable[Pair]) -> None:
    # PostgreSQL text cannot hold U+0000; refused here so that it is the sender's error, not ours.
    for name, value in pairs:
        if "\0" in name:
            raise InputError(QUERY_FIELD, "holds U+0000 in a parameter name")
        if "\0" in value:
            raise InputError(name, "must not hold U+0000")


def _fingerprint(verification_id: str, pairs: Sequence[Pair], *, signed: bool) -> str:
    presence = "signed" if signed else "unsigned"
    text = f"visavis-link-v1\n{verification_id}\n{presence}\n{canonical_query(pairs)}"
    return hashlib.sha256(text.encode()).hexdigest()


def _build_request(
    verification_id: str,
    pairs: Sequence[Pair],
    expiration: int | None,
    match: SignatureMatch | None,
    fingerprint: str,
) -> VerificationRequest:
    reserved = {name: value for name, value in pairs if names.is_reserved(name)}
    return VerificationRequest(
        verification_id=verification_id,
        external_id=_read_external_id(reserved),
        expiration=expiration,
        nonce=_read_nonce(reserved),
        correlation_id=_read_correlation_id(reserved),
        locale=_read_locale(reserved),
        overrides={name: value for name, value in reserved.items() if name in names.OVERRIDE_NAMES},
        passed_url=reserved.get(names.PASSED_URL),
        failed_url=reserved.get(names.FAILED_URL),
        custom=_read_custom(pairs),
        unknown_reserved=tuple(name for name in reserved if name not in names.KNOWN_NAMES),
        signed=match is not None,
        key_id=match.key_id if match else None,
        scheme=match.scheme if match else None,
        fingerprint=fingerprint,
    )


def _read_external_id(reserved: Mapping[str, str]) -> str | None:
    text = reserved.get(names.EXTERNAL_ID)
    if text is not None and not 1 <= len(text) <= MAX_EXTERNAL_ID_CHARACTERS:
        raise InputError(names.EXTERNAL_ID, f"must have 1 to {MAX_EXTERNAL_ID_CHARACTERS} characters")
    return text


def _read_correlation_id(reserved: Mapping[str, str]) -> str | None:
    text = reserved.get(names.CORRELATION_ID)
    if text is not None and len(text) > MAX_CORRELATION_ID_CHARACTERS:
        raise InputError(
            names.CORRELATION_ID, f"must have at most {MAX_CORRELATION_ID_CHARACTERS} characters"
        )
    return text


def _read_nonce(reserved: Mapping[str, str]) -> str | None:
    text = reserved.get(names.NONCE)
    if text is None:
        return None
    if not _NONCE.fullmatch(text):
        raise InputError(names.NONCE, "must be 32 to 128 hexadecimal digits")
    if names.EXPIRATION not in reserved:
        raise InputError(names.NONCE, f"needs {names.EXPIRATION}")
    return text


def _read_locale(reserved: Mapping[str, str]) -> str | None:
    text = reserved.get(names.LOCALE)
    return text if text is not None and len(text) <= _MAX_LOCALE_CHARACTERS else None


def _read_custom(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    custom = tuple(pair for pair in pairs if not names.is_reserved(pair[0]))
    if len(custom) > MAX_CUSTOM_PARAMETERS:
        raise TooLargeError(QUERY_FIELD, f"at most {MAX_CUSTOM_PARAMETERS} parameters of the site's own")
    return custom
