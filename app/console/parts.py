"""What a page of the console may ask for: the service's parts, the time, and who is asking."""

from dataclasses import dataclass

from flask import current_app, g

from app.console.roles import Role
from app.errors import UnauthenticatedError
from app.runtime import Runtime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The operator of this request."""

    operator_id: str
    email: str
    role: Role
    stage: str
    token: str
    """The session's cookie; never shown, never logged."""
    proved_at: float


def runtime() -> Runtime:
    """Return the service's parts for the current request."""
    found: Runtime = current_app.extensions["visavis"]
    return found


def now() -> float:
    """Return the moment of the current request, the same wherever it is asked for."""
    if "console_now" not in g:
        g.console_now = runtime().clock()
    moment: float = g.console_now
    return moment


def signed_in() -> SignedIn | None:
    """Return who is signed in, at whatever stage; None for a stranger."""
    found: SignedIn | None = g.get("console_operator")
    return found


def operator() -> SignedIn:
    """Return who is asking; raise `UnauthenticatedError` for a stranger."""
    found = signed_in()
    if found is None:
        raise UnauthenticatedError("nobody is signed in")
    return found
