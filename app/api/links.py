"""Signed links made by the service itself, and the check of a signature that somebody else shows."""

import secrets
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from app import projects
from app.api.guards import caller
from app.api.owned import owned_verification
from app.errors import InputError, NotFoundError, SignatureRefusedError
from app.models import Verification, VerificationSession
from app.runtime import Runtime
from app.signing import parameters as names
from app.signing.canonical import Pair, SignedKind, canonical_query, message, parse_query
from app.signing.keyring import Keyring
from app.signing.request_link import parse_request, request_signature
from app.signing.schemes import match_signature, signature_of
from app.verifications.configuration import SecurityConfig
from app.verifications.overrides import apply_overrides
from app.verifications.store import PublishedConfiguration, list_verifications, load_current

# As long as it takes somebody to click; VerifEye's day is long for a link that may lie in a history.
DEFAULT_SECONDS, LONGEST_SECONDS = 600, 604_800
NONCE_BYTES = 16
OLD_SCHEME: Literal["verifeye-sha256"] = "verifeye-sha256"
OWN_SCHEME: Literal["hmac-sha256"] = "hmac-sha256"


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long a link is good (None = for ever), and whether for one use only."""

    lives_for: int | None = DEFAULT_SECONDS
    once: bool = False


@dataclass(frozen=True, slots=True)
class SignedLink:
    """A query string with its signature."""

    signature: str
    query_string: str
    expiration: int | None
    nonce: str | None
    scheme: Literal["hmac-sha256", "verifeye-sha256"]
    url: str | None


@dataclass(frozen=True, slots=True)
class GoodSignature:
    """What a signature was made for."""

    kind: Literal["Request", "Result"]
    verification_id: str | None


def sign_link(
    db: Session, parts: Runtime, query_string: str, verification_id: str | None, terms: Terms, now: float
) -> SignedLink:
    """Complete and sign a query string for one verification, or, without one, as VerifEye does.

    Raises `InputError` naming the parameter for which opening the link would be refused.
    """
    keyring = projects.load_keyring(db, parts.sealer, caller().project_id)
    completed = _complete(query_string, terms, now)
    if verification_id is None:
        signature = _old_signature(db, completed, keyring)
        return _signed(completed, signature, OLD_SCHEME, None)
    published = owned_verification(db, verification_id)
    signature = request_signature(verification_id, completed.removeprefix("?"), keyring)
    signed = _signed(
        completed, signature, OWN_SCHEME, f"{parts.settings.public_url}/verification/{verification_id}"
    )
    _refuse_what_opening_refuses(published, signed, keyring, now)
    return signed


def check_signature(
    db: Session, parts: Runtime, query_string: str, verification_id: str | None
) -> GoodSignature | None:
    """Return what a signed query string was signed for; None when its signature is not good."""
    pairs = parse_query(query_string.removeprefix("?"))
    names.refuse_repeated(pairs)
    signature = names.first_value(pairs, names.SIGNATURE)
    if signature is None:
        raise InputError(names.SIGNATURE, "is missing from the query string")
    keyring = projects.load_keyring(db, parts.sealer, caller().project_id)
    named = verification_id or _named_verification(db, pairs)
    if named is None:
        return GoodSignature("Request", None) if _is_old_link(db, pairs, signature, keyring) else None
    try:
        published = owned_verification(db, named)
    except NotFoundError:
        return None
    return _good_signature(published, pairs, signature, keyring)


def _complete(query_string: str, terms: Terms, now: float) -> str:
    """Append what the terms ask for; what the caller has put in already stays."""
    pairs = parse_query(query_string.removeprefix("?"))
    names.refuse_repeated(pairs)
    if names.first_value(pairs, names.SIGNATURE) is not None:
        raise InputError("queryString", "is signed already")
    added = []
    if terms.lives_for is not None and names.first_value(pairs, names.EXPIRATION) is None:
        added.append(f"{names.EXPIRATION}={int(now) + terms.lives_for}")
    if terms.once and names.first_value(pairs, names.NONCE) is None:
        _require_expiration(pairs, added)
        added.append(f"{names.NONCE}={secrets.token_hex(NONCE_BYTES)}")
    return _append(query_string, *added)


def _require_expiration(pairs: list[Pair], added: list[str]) -> None:
    if not added and names.first_value(pairs, names.EXPIRATION) is None:
        raise InputError("securitySettings.enableNonce", "needs the expiration")


def _append(query_string: str, *segments: str) -> str:
    separator = "" if query_string in {"", "?"} or query_string.endswith("&") else "&"
    return query_string + separator + "&".join(segments) if segments else query_string


def _signed(
    completed: str, signature: str, scheme: Literal["hmac-sha256", "verifeye-sha256"], address: str | None
) -> SignedLink:
    pairs = parse_query(completed.removeprefix("?"))
    expiration = names.first_value(pairs, names.EXPIRATION)
    query = _append(completed, f"{names.SIGNATURE}={signature}")
    return SignedLink(
        signature=signature,
        query_string=query,
        expiration=int(expiration) if expiration is not None and expiration.isdecimal() else None,
        nonce=names.first_value(pairs, names.NONCE),
        scheme=scheme,
        url=f"{address}?{query.removeprefix('?')}" if address else None,
    )


def _refuse_what_opening_refuses(
    published: PublishedConfiguration, signed: SignedLink, keyring: Keyring, now: float
) -> None:
    configuration = published.configuration
    request = parse_request(
        configuration.id,
        signed.query_string.removeprefix("?"),
        keyring,
        force_signed=True,
        schemes=(OWN_SCHEME,),
        now=int(now),
    )
    apply_overrides(configuration, request)
    _require_scheme(configuration.security_config)
    if configuration.security_config.require_nonce and request.nonce is None:
        raise InputError("securitySettings.enableNonce", "this verification takes links with a nonce only")


def _require_scheme(security: SecurityConfig) -> None:
    if OWN_SCHEME not in security.signature_schemes:
        raise InputError("verificationId", f"this verification accepts {OLD_SCHEME} only; leave its id out")


def _old_signature(db: Session, completed: str, keyring: Keyring) -> str:
    if not any(OLD_SCHEME in _schemes(db, row) for row in _own_verifications(db)):
        raise InputError(
            "verificationId", f"is required: none of your verifications has {OLD_SCHEME} in signatureSchemes"
        )
    pairs = parse_query(completed.removeprefix("?"))
    return signature_of(OLD_SCHEME, "", pairs, keyring)


def _is_old_link(db: Session, pairs: list[Pair], signature: str, keyring: Keyring) -> bool:
    if not any(OLD_SCHEME in _schemes(db, row) for row in _own_verifications(db)):
        return False
    return _matches(signature, "", pairs, keyring, (OLD_SCHEME,))


def _good_signature(
    published: PublishedConfiguration, pairs: list[Pair], signature: str, keyring: Keyring
) -> GoodSignature | None:
    verification_id = published.configuration.id
    text = message(SignedKind.RESULT, verification_id, canonical_query(pairs))
    if keyring.verify(text, signature) is not None:
        return GoodSignature("Result", verification_id)
    schemes = published.configuration.security_config.signature_schemes
    if _matches(signature, verification_id, pairs, keyring, schemes):
        return GoodSignature("Request", verification_id)
    return None


def _matches(
    signature: str, verification_id: str, pairs: list[Pair], keyring: Keyring, schemes: tuple[str, ...]
) -> bool:
    try:
        match_signature(signature, verification_id, pairs, keyring, schemes)
    except SignatureRefusedError:
        return False
    return True


def _named_verification(db: Session, pairs: list[Pair]) -> str | None:
    """Return the verification that a result names, by itself or by its session."""
    named = names.first_value(pairs, "reVerificationId")
    session_id = names.first_value(pairs, "reVerificationSessionId")
    visit = db.get(VerificationSession, session_id) if named is None and session_id else None
    return visit.verification_id if visit is not None else named


def _own_verifications(db: Session) -> list[Verification]:
    return [row for row in list_verifications(db) if row.project_id == caller().project_id]


def _schemes(db: Session, row: Verification) -> tuple[str, ...]:
    return load_current(db, row.id).configuration.security_config.signature_schemes
