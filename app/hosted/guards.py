"""Who may call a blueprint; each blueprint names exactly one of these when it is registered."""

import hashlib
import hmac

from flask import current_app, g, request

from app.errors import AccessRefusedError, NotFoundError, PageSupersededError
from app.hosted.cookies import held_token
from app.runtime import Runtime
from app.sealing import Purpose, Sealer
from app.sessions.holding import HeldSession, load_held
from app.sessions.opening import holds

PAGE_HEADER = "X-Visavis-Page"


def runtime() -> Runtime:
    """Return the service's parts for the current request."""
    found: Runtime = current_app.extensions["visavis"]
    return found


def public_route() -> None:
    """Let everybody in; it exists so that "open" is a decision somebody wrote down."""


def require_browser() -> None:
    """Let in the browser that holds the session's cookie."""
    visit = _load_visit()
    token = held_token(visit.id)
    if token is None or not holds(visit.browser_token_hash, token):
        raise AccessRefusedError("this browser does not hold the session")


def require_page() -> None:
    """Let in the newest page of the browser that holds the session."""
    visit = _load_visit()
    given = request.headers.get(PAGE_HEADER, "")
    # Whoever began before the master key was changed goes on with the token of the key before.
    keys = runtime().sealer.derive_all(Purpose.PAGE_TOKEN)
    expected = [_token_under(key, visit.id, visit.page_generation) for key in keys]
    if not any([hmac.compare_digest(each.encode(), given.encode()) for each in expected]):
        raise PageSupersededError("the link was opened again; this page no longer speaks for the session")


def require_sandbox() -> None:
    """Let everybody in when the sandbox is on; else there is nothing here."""
    if not runtime().settings.sandbox:
        raise NotFoundError("no such page")


def page_token(sealer: Sealer, session_id: str, generation: int) -> str:
    """Return the token of one generation of a session's page: 64 hex digits."""
    return _token_under(sealer.derive(Purpose.PAGE_TOKEN), session_id, generation)


def _token_under(key: bytes, session_id: str, generation: int) -> str:
    return hmac.new(key, f"{session_id}.{generation}".encode(), hashlib.sha256).hexdigest()


def _load_visit() -> HeldSession:
    """Load whose the session of this request is, once for all of its guards."""
    if "visit" not in g:
        session_id = (request.view_args or {}).get("session_id", "")
        with runtime().database.reading() as db:
            g.visit = load_held(db, session_id)
    visit: HeldSession = g.visit
    return visit
