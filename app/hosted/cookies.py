"""The one cookie of the hosted page: it says which browser holds a session.

Each session has its own cookie, so that two visits in one browser do not push each other out.
"""

from flask import Response, current_app, request

from app.sessions.opening import OpenedSession

FRAMES = frozenset({"iframe", "frame"})


def cookie_name(session_id: str, *, https: bool) -> str:
    """Return the name; with https it carries `__Host-`, which browsers tie to this very host."""
    prefix = "__Host-" if https else ""
    return f"{prefix}visavis-{session_id}"


def held_token(session_id: str) -> str | None:
    """Return what this browser holds for a session."""
    return request.cookies.get(cookie_name(session_id, https=_is_https()))


def keep_token(response: Response, opened: OpenedSession) -> None:
    """Give the browser its token, out of reach of scripts.

    In a frame of another site a browser keeps only what is `SameSite=None`; `Partitioned` ties it to
    that site, so that nobody can follow a person from one site to the next.
    """
    framed = _is_https() and request.headers.get("Sec-Fetch-Dest") in FRAMES
    response.set_cookie(
        cookie_name(opened.session_id, https=_is_https()),
        opened.browser_token,
        max_age=opened.lives_for,
        secure=_is_https(),
        httponly=True,
        samesite="None" if framed else "Lax",
        partitioned=framed,
        path="/",
    )


def _is_https() -> bool:
    is_https: bool = current_app.extensions["visavis"].settings.is_https
    return is_https
