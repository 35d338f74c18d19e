"""The API's guard: who calls, from where, and whether this key may do that."""

from flask import current_app, g, request
from flask_limiter.util import get_remote_address

from app.api.keys import Caller, caller_of_key, caller_of_token, note_use, use_is_due
from app.api.operations import Operation
from app.api.scopes import Scope, Unscoped
from app.api.tokens import read_token
from app.errors import BrowserOriginError, InsufficientScopeError, UnauthenticatedError
from app.hosted.guards import runtime


def require_scope() -> None:
    """Let in a key or token that has the scope of the operation; an operation without one lets nobody in."""
    operation = operation_of(request.endpoint)
    who = caller()
    _refuse_secret_in_browser(who)
    if operation.need is Unscoped.ANY_KEY and who.is_token:
        raise InsufficientScopeError("a token cannot do this; use the API key")
    if isinstance(operation.need, Scope):
        demand(operation.need)


def demand(scope: Scope) -> None:
    """Raise `InsufficientScopeError` unless the caller has this scope."""
    if scope not in caller().scopes:
        raise InsufficientScopeError(f"the key or token lacks the scope {scope}")


def caller() -> Caller:
    """Return who makes this request; raise `UnauthenticatedError` when that is unknown."""
    if "caller" not in g:
        g.caller = _authenticate()
    found: Caller = g.caller
    return found


def limit_key() -> str:
    """Return what requests are counted under: the key, or the address of whoever has no good one."""
    try:
        return f"key:{caller().key_id}"
    except UnauthenticatedError:
        return f"address:{get_remote_address()}"


def operation_of(endpoint: str | None) -> Operation:
    """Return the operation behind an endpoint; every view of a section is one."""
    operation = getattr(current_app.view_functions.get(endpoint or ""), "operation", None)
    if not isinstance(operation, Operation):
        raise InsufficientScopeError("this address belongs to no operation")
    return operation


def _authenticate() -> Caller:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    parts = runtime()
    now = parts.clock()
    with parts.database.reading() as db:
        if scheme.lower() == "apikey":
            found = caller_of_key(db, parts.sealer, credentials.strip(), now)
        elif scheme.lower() == "bearer":
            key_id, scopes = read_token(parts.sealer, credentials.strip(), now)
            found = caller_of_token(db, key_id, scopes, now)
        else:
            raise UnauthenticatedError(
                "send `Authorization: ApiKey <key>` or `Authorization: Bearer <token>`"
            )
        due = use_is_due(db, found.key_id, now)
    if due:
        with parts.database.transaction() as db:
            note_use(db, found.key_id, now)
    return found


def _refuse_secret_in_browser(who: Caller) -> None:
    # Browsers send Origin with every POST and every cross-origin call; backends never do.
    if "Origin" in request.headers and not who.is_token:
        raise BrowserOriginError(
            "this call came from a web page, so its visitors can read the secret key: revoke the key, call "
            "from your backend, and give pages a short-lived token from /v1/token/get"
        )
