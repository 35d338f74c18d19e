"""What a page says after something was done: the address carries a name, never the text itself."""

from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

NOTICES: dict[str, str] = {
    "signed-out": "You are signed out.",
    "password-changed": "Your password is changed. Other browsers were signed out.",
    "codes-made": "New recovery codes were made; the old ones no longer work.",
}


def add_notices(texts: dict[str, str]) -> None:
    """Add the sentences of one module's pages."""
    NOTICES.update(texts)


def done(notice: str, endpoint: str, **values: Any) -> Response:  # noqa: ANN401 -- whatever the address takes
    """Go to a page (303) that says what was done."""
    assert notice in NOTICES, notice  # noqa: S101 -- a typing error of ours
    return redirect(url_for(endpoint, done=notice, **values), 303)


def current_notice() -> str | None:
    """Return the sentence that the address asks for."""
    return NOTICES.get(request.args.get("done", ""))
