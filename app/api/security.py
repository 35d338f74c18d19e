"""Tokens and the service's clock."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from app.api import tokens
from app.api.answering import new_section
from app.api.guards import caller, require_scope
from app.api.scopes import Scope, Unscoped
from app.api.shapes import Answer, Nothing, Request
from app.errors import InputError, InsufficientScopeError
from app.hosted.guards import runtime

token_section = new_section(
    "Tokens", "token", "Short-lived stand-ins for an API key, for places that must not hold the key itself."
)
token_section.blueprint.before_request(require_scope)
clock_section = new_section("Clock", "datetime", "What time it is here.")
clock_section.blueprint.before_request(require_scope)


class TokenRequest(Request):
    """How long a token lives and what it may do."""

    expiration_in_seconds: Annotated[int, Field(ge=tokens.SHORTEST_SECONDS, le=tokens.LONGEST_SECONDS)] = (
        tokens.DEFAULT_SECONDS
    )
    scopes: Annotated[str, Field(max_length=400)] | None = None
    """Scopes separated by spaces; all of the key's when left out."""


class Token(Answer):
    """A token and its end."""

    token: str
    expiration_utc_time: datetime
    expires_at: datetime
    """The same moment under its other name."""


class UtcNow(Answer):
    """The service's clock."""

    utc_now: str
    """ISO 8601 with seven decimals."""


@token_section.operation(
    "get",
    methods=("GET",),
    need=Unscoped.ANY_KEY,
    request=TokenRequest,
    answer=Token,
    errors=(InsufficientScopeError,),
)
def get_token(wish: TokenRequest) -> Token:
    """Get a short-lived token.

    Send it as `Authorization: Bearer <token>`. It has the key's scopes, or those of them that are asked
    for, ends after 15 minutes unless asked otherwise, and ends with the key.
    """
    parts, who = runtime(), caller()
    now = parts.clock()
    scopes = _wanted(wish.scopes, who.scopes)
    text = tokens.make_token(parts.sealer, who.key_id, scopes, wish.expiration_in_seconds, now)
    end = tokens.expiry(wish.expiration_in_seconds, now)
    return Token(token=text, expiration_utc_time=end, expires_at=end)


@clock_section.operation(
    "utc-now", methods=("GET",), need=Unscoped.ANY_CALLER, request=Nothing, answer=UtcNow
)
def get_utc_now(_wish: Nothing) -> UtcNow:
    """Tell the time.

    For backends whose own clock cannot be trusted to set `reExpiration`.
    """
    now = datetime.fromtimestamp(runtime().clock(), UTC)
    return UtcNow(utc_now=now.strftime("%Y-%m-%dT%H:%M:%S.%f0Z"))


def _wanted(text: str | None, granted: frozenset[Scope]) -> frozenset[Scope]:
    if text is None:
        return granted
    unknown = set(text.split()) - set(Scope)
    if unknown:
        raise InputError("scopes", f"are {', '.join(Scope)}; not {', '.join(sorted(unknown))}")
    wanted = frozenset(Scope(name) for name in text.split())
    if not wanted <= granted:
        raise InsufficientScopeError(f"the key lacks the scope {', '.join(sorted(wanted - granted))}")
    return wanted
