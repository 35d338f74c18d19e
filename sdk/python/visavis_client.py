"""Visavis for relying sites: sign a verification link, check the result that comes back.

One file, standard library only: install it or copy it. Both halves belong on a server, because the
signing secret must never reach a browser.

    link = VerificationLink("https://verify.example.org", VERIFICATION_ID, SECRET)
    url = link.sign(external_id="user-17", nonce=nonce)      # redirect the person there

    result = verify_result(request.url, verification_id=VERIFICATION_ID, secrets=[SECRET],
                           expected_nonce=nonce)              # raises ResultRefused
    if result.passed: ...
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from secrets import token_hex
from urllib.parse import quote, unquote_to_bytes

__version__ = "1.1.0"
__all__ = [
    "BadSignature",
    "NonceMismatch",
    "ResultRefused",
    "StaleResult",
    "VerificationLink",
    "VerifiedResult",
    "WrongVerification",
    "verify_result",
]

MAX_QUERY_BYTES = 8192  # the service refuses longer links
MAX_EXTERNAL_ID_CHARACTERS = 256
MAX_CUSTOM_PARAMETERS = 32
NONCE_BYTES = 16  # 128 bits
CLOCK_SKEW_SECONDS = 60  # how far the service's clock may run ahead of ours

_SET_BY_ARGUMENT = frozenset({"reExternalId", "reExpiration", "reNonce", "reSignature"})
_VERIFICATION_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_URL_START = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[/?]")
_RESERVED = re.compile(r"re[A-Z]")
_MALFORMED = re.compile(r"%(?![0-9A-Fa-f]{2})|[^\x21-\x7e]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_NONCE = re.compile(r"[0-9A-Fa-f]{32,128}")
_UNIX_SECONDS = re.compile(r"[0-9]{1,12}")
_CHECKED = object()  # what only verify_result has


class ResultRefused(Exception):
    """The result must not be believed; the subclass says why."""


class BadSignature(ResultRefused):
    """Missing, malformed, repeated or wrong: treat everything in the query as made up."""


class WrongVerification(ResultRefused):
    """Signed by the service, but for another verification than the one asked about."""


class StaleResult(ResultRefused):
    """Issued too long ago, in the future, or without saying when."""


class NonceMismatch(ResultRefused):
    """Not the answer to the link that this visitor was sent with."""


@dataclass(frozen=True)
class VerificationLink:
    """Makes signed links to one verification; `secret` is left out of its representation."""

    base_url: str
    verification_id: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.base_url.startswith(("https://", "http://")):
            raise ValueError("base_url: must begin with https:// (or http:// while developing)")
        if not _VERIFICATION_ID.fullmatch(self.verification_id):
            raise ValueError("verification_id: must be a lower-case dashed GUID")
        if not self.secret:
            raise ValueError("secret: must not be empty")

    def sign(
        self,
        *,
        external_id: str | None = None,
        expires_in: int | None = 600,
        nonce: bool | str = True,
        now: float | None = None,
        **parameters: str | int | bool | Sequence[str] | None,
    ) -> str:
        """Return a signed link, good for `expires_in` seconds (None: for ever).

        `nonce=True` adds a fresh one, so that the link works once. Pass your own (32 or more hex
        digits, `secrets.token_hex(16)`), keep it in the visitor's session and hand it to
        `verify_result`: then the answer belongs to that visitor. Everything else, `reLocale` or
        your own names, goes into `parameters`: booleans become `true`/`false`, None is left out,
        a list repeats the name. Raises `ValueError` for what the service would refuse anyway.
        """
        _check_parameters(parameters)
        if external_id is not None and not 1 <= len(external_id) <= MAX_EXTERNAL_ID_CHARACTERS:
            raise ValueError(f"external_id: must have 1 to {MAX_EXTERNAL_ID_CHARACTERS} characters")
        given = {"reExternalId": external_id, **parameters}
        pairs = [pair for name, value in given.items() for pair in _pairs(name, value)]
        _check_pairs(pairs)
        pairs += _expiration_and_nonce(expires_in, nonce, now)
        signature = _sign(self.secret, "request", self.verification_id, pairs)
        query = _join([*pairs, ("reSignature", signature)])
        if len(query) > MAX_QUERY_BYTES:
            raise ValueError(f"parameters: the link would be longer than {MAX_QUERY_BYTES} bytes")
        return f"{self.base_url.rstrip('/')}/verification/{self.verification_id}?{query}"


@dataclass(frozen=True)
class VerifiedResult:
    """What the service says about a person; only `verify_result` can make one."""

    parameters: tuple[tuple[str, str], ...]
    """Every signed (name, value) pair, in the order of the URL."""
    proof: InitVar[object] = None

    def __post_init__(self, proof: object) -> None:
        if proof is not _CHECKED:
            raise TypeError("a result is made by verify_result alone")

    def get(self, name: str) -> str | None:
        """Return the first value of `name`, or None: the configuration chooses what is included."""
        return _first(self.parameters, name)

    @property
    def passed(self) -> bool:
        """True only when the overall result is there and says `passed`."""
        return self.get("reVerificationResult") == "passed"

    @property
    def session_id(self) -> str | None:
        """Dashed GUID of the session, the key to everything the service knows about it."""
        return self.get("reVerificationSessionId")

    @property
    def external_id(self) -> str | None:
        """Your own id of the person, echoed."""
        return self.get("reExternalId")

    @property
    def correlation_id(self) -> str | None:
        """Your own `reCorrelationId`, echoed."""
        return self.get("reCorrelationId")

    @property
    def age(self) -> int | None:
        """Estimated age in whole years."""
        text = self.get("reAge")
        return int(text) if text else None

    @property
    def gender(self) -> str | None:
        """`male` or `female`; absent when the estimate was not confident."""
        return self.get("reGender")

    @property
    def face_id(self) -> str | None:
        """32 hex digits."""
        return self.get("reFaceId")

    @property
    def failed_reason(self) -> str | None:
        """Why it failed, in the service's stable vocabulary."""
        return self.get("reFailedReason")

    @property
    def result_code(self) -> str | None:
        """Single-use code to redeem, when the verification delivers a code instead of a result."""
        return self.get("reResultCode")

    @property
    def custom(self) -> tuple[tuple[str, str], ...]:
        """Pairs that are not the service's: passed through, or part of your target URL."""
        return tuple(pair for pair in self.parameters if not _RESERVED.match(pair[0]))


def verify_result(
    url_or_query: str | bytes,
    *,
    verification_id: str,
    secrets: str | Sequence[str],
    expected_nonce: str | None = None,
    max_age: float | None = 300,
    now: float | None = None,
) -> VerifiedResult:
    """Check the URL (or query string) that the browser came back with, and return what it says.

    Bytes are read as they came over the wire; text may also be a URL whose escapes a framework has
    shown as letters. `secrets` are the live signing secrets, two while rotating. `expected_nonce` is
    the one kept in the visitor's session: take it out with `session.pop("nonce", "")`, as an empty
    string matches nothing while None asks for no check. `max_age` is in seconds; None also accepts a
    result that does not say when it was issued. Raises a `ResultRefused`; nothing is readable before.
    """
    if not _VERIFICATION_ID.fullmatch(verification_id):
        raise ValueError("verification_id: must be a lower-case dashed GUID")
    pairs = _parse(_query_of(url_or_query))
    _check_signature(pairs, verification_id, _as_secrets(secrets))
    if max_age is not None:
        _check_age(_first(pairs, "reIssuedAt"), max_age, time.time() if now is None else now)
    if expected_nonce is not None:
        _check_nonce(_first(pairs, "reNonce"), expected_nonce)
    return VerifiedResult(tuple(pair for pair in pairs if pair[0] != "reSignature"), _CHECKED)


def _first(pairs: Sequence[tuple[str, str]], name: str) -> str | None:
    return next((value for key, value in pairs if key == name), None)


def _check_parameters(parameters: Mapping[str, object]) -> None:
    clash = sorted(_SET_BY_ARGUMENT & parameters.keys())
    if clash:
        raise ValueError(f"{clash[0]}: is set by an argument of sign()")
    for name, value in parameters.items():
        if _RESERVED.match(name) and isinstance(value, (list, tuple)):
            raise ValueError(f"{name}: can be given once only")


def _check_pairs(pairs: Sequence[tuple[str, str]]) -> None:
    for name, value in pairs:
        if "\0" in name + value:
            raise ValueError(f"{name!r}: must not hold U+0000")
    if sum(not _RESERVED.match(name) for name, _ in pairs) > MAX_CUSTOM_PARAMETERS:
        raise ValueError(f"parameters: at most {MAX_CUSTOM_PARAMETERS} of your own")


def _pairs(name: str, value: str | int | bool | Sequence[str] | None) -> list[tuple[str, str]]:
    if value is None:
        return []
    if isinstance(value, bool):
        return [(name, "true" if value else "false")]
    if isinstance(value, (str, int)):
        return [(name, str(value))]
    return [(name, text) for text in value]


def _expiration_and_nonce(
    expires_in: int | None, nonce: bool | str, now: float | None
) -> list[tuple[str, str]]:
    pairs = []
    if expires_in is not None:
        pairs.append(("reExpiration", str(int((time.time() if now is None else now) + expires_in))))
    if nonce is not False:
        if expires_in is None:
            raise ValueError("nonce: needs an expiration; pass nonce=False for a link that never expires")
        pairs.append(("reNonce", _checked_nonce(token_hex(NONCE_BYTES) if nonce is True else nonce)))
    return pairs


def _checked_nonce(nonce: str) -> str:
    if not _NONCE.fullmatch(nonce):
        raise ValueError("nonce: must be 32 to 128 hexadecimal digits")
    return nonce


def _query_of(url_or_query: str | bytes) -> str:
    text = url_or_query.decode("latin-1") if isinstance(url_or_query, bytes) else _as_uri(url_or_query)
    text = text.partition("#")[0]
    return text.partition("?")[2] if _URL_START.match(text) else text


def _as_uri(text: str) -> str:
    """Escape what is beyond ASCII (RFC 3987 §3.1): `request.url` of some frameworks is decoded there."""
    try:
        return _BEYOND_ASCII.sub(lambda found: quote(found[0]), text)
    except UnicodeError:
        raise BadSignature("malformed query") from None


def _parse(query: str) -> list[tuple[str, str]]:
    if _MALFORMED.search(query):
        raise BadSignature("malformed query")
    try:
        pairs = [_decode_pair(segment) for segment in query.split("&") if segment]
    except UnicodeError:
        raise BadSignature("malformed query") from None
    reserved = [name for name, _ in pairs if _RESERVED.match(name)]
    if len(reserved) != len(set(reserved)):
        raise BadSignature("a reserved name is given more than once")
    return pairs


def _decode_pair(segment: str) -> tuple[str, str]:
    name, _, value = segment.replace("+", " ").partition("=")
    return unquote_to_bytes(name).decode(), unquote_to_bytes(value).decode()


def _join(pairs: Sequence[tuple[str, str]]) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)


def _sign(secret: str, kind: str, verification_id: str, pairs: Sequence[tuple[str, str]]) -> str:
    # Python orders strings by code point, which is the order of their UTF-8 bytes.
    message = f"visavis-{kind}-v1\n{verification_id}\n{_join(sorted(pairs))}"
    return hmac.new(secret.encode(), message.encode(), "sha256").hexdigest()


def _as_secrets(secrets: str | Sequence[str]) -> list[str]:
    # One string is one secret: read as a sequence it would be as many secrets of one letter.
    listed = [secrets] if isinstance(secrets, str) else list(secrets)
    if not listed or not all(listed):
        raise ValueError("secrets: at least one, and none of them empty")
    return listed


def _check_signature(pairs: Sequence[tuple[str, str]], verification_id: str, secrets: Sequence[str]) -> None:
    signed = [pair for pair in pairs if pair[0] != "reSignature"]
    claimed_id = _first(pairs, "reVerificationId")
    signed_for = verification_id if claimed_id is None else claimed_id
    given = (_first(pairs, "reSignature") or "").encode()
    expected = [_sign(secret, "result", signed_for, signed).encode() for secret in secrets]
    if not any([hmac.compare_digest(signature, given) for signature in expected]):
        raise BadSignature("missing or wrong signature")
    if signed_for != verification_id:
        raise WrongVerification("the result of another verification")


def _check_age(issued_at: str | None, max_age: float, now: float) -> None:
    if issued_at is None or not _UNIX_SECONDS.fullmatch(issued_at):
        raise StaleResult("the result does not say when it was issued")
    if not -CLOCK_SKEW_SECONDS <= now - int(issued_at) <= max_age:
        raise StaleResult("the result was not issued just now")


def _check_nonce(nonce: str | None, expected_nonce: str) -> None:
    if not expected_nonce or not hmac.compare_digest((nonce or "").encode(), expected_nonce.encode()):
        raise NonceMismatch("the answer to another link")
