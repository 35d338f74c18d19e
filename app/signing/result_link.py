"""The way back: the redirect target with the result and its signature appended."""

from collections.abc import Sequence

from app.errors import InputError
from app.signing.canonical import (
    Pair,
    SignedKind,
    canonical_query,
    is_visible_ascii,
    join_pairs,
    message,
    parse_query,
)
from app.signing.keyring import Keyring
from app.signing.parameters import SIGNATURE, is_reserved, refuse_repeated

TARGET_FIELD = "targetUrl"


def sign_result(target_url: str, parameters: Sequence[Pair], verification_id: str, keyring: Keyring) -> str:
    """Return `target_url` with `parameters` and, last, `reSignature` in its query.

    Query parameters of the target survive as they are written and are signed too, because whoever
    checks the result sees the whole query. Reserved names among them are dropped: only the service
    speaks in those. The fragment stays at the end. Raises `InputError` for a target whose query
    cannot be parsed, or for parameters that repeat a reserved name or bring their own signature.
    """
    _check_parameters(parameters)
    address, kept, fragment = _split_target(target_url)
    pairs = [*parse_query("&".join(kept)), *parameters]
    signature = keyring.sign(message(SignedKind.RESULT, verification_id, canonical_query(pairs)))
    query = "&".join([*kept, join_pairs([*parameters, (SIGNATURE, signature)])])
    return f"{address}?{query}{fragment}"


def _check_parameters(parameters: Sequence[Pair]) -> None:
    refuse_repeated(parameters)
    if any(name == SIGNATURE for name, _ in parameters):
        raise InputError(SIGNATURE, "is added by the service")


def _split_target(target_url: str) -> tuple[str, list[str], str]:
    """Return address, query segments that are not reserved, and fragment with its `#` or nothing."""
    if not is_visible_ascii(target_url):
        raise InputError(TARGET_FIELD, "holds a space, control or non-ASCII character")
    before_fragment, hash_sign, fragment = target_url.partition("#")
    address, _, query = before_fragment.partition("?")
    kept = [segment for segment in query.split("&") if segment and not _is_reserved_segment(segment)]
    return address, kept, hash_sign + fragment


def _is_reserved_segment(segment: str) -> bool:
    try:
        return any(is_reserved(name) for name, _ in parse_query(segment))
    except InputError as error:
        raise InputError(TARGET_FIELD, f"has a query that {error.detail}") from None
