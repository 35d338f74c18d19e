"""The console's two cookies: who is signed in, and which browser a form was given to."""

from flask import request
from werkzeug.wrappers import Response

from app.console.parts import runtime

SESSION, FORM = "visavis-console", "visavis-console-form"


def read_cookie(name: str) -> str | None:
    """Return what the browser holds under one of the two names."""
    return request.cookies.get(_full_name(name))


def keep_cookie(response: Response, name: str, value: str) -> None:
    """Give the browser a value until it is closed, out of reach of scripts and of other sites."""
    response.set_cookie(
        _full_name(name), value, secure=_is_https(), httponly=True, samesite="Strict", path="/"
    )


def drop_cookie(response: Response, name: str) -> None:
    """Let the browser forget a value."""
    response.delete_cookie(_full_name(name), secure=_is_https(), httponly=True, samesite="Strict", path="/")


def _full_name(name: str) -> str:
    # Browsers tie `__Host-` to this very host, and accept it with https only.
    return f"__Host-{name}" if _is_https() else name


def _is_https() -> bool:
    return runtime().settings.is_https
