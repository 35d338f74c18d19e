"""How the console's pages are rendered: its own templates, its own errors, nothing of the hosted page."""

import logging
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Flask, current_app, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from app.console import forms, navigation, notices
from app.console.parts import now, runtime, signed_in
from app.console.roles import Permission
from app.console.routing import blueprint
from app.error_pages import problem_of
from app.errors import RateLimitedError, VisavisError

log = logging.getLogger(__name__)

TEXTS: dict[int, tuple[str, str]] = {
    403: ("Not for your role", "An owner can give you a role that may do this."),
    404: ("Nothing here", "It was deleted, or the address is wrong."),
    409: ("Somebody was faster", "What you saw has changed meanwhile. Open the page again."),
    410: ("This link no longer works", "Set-up links work once and for a day. Ask an owner for a new one."),
    429: ("Too many tries", "Wait a little, then try again."),
    500: ("Something went wrong", "Nothing was changed. The log of the service says more."),
}


def render(template: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 -- template variables
    """Render a page of `templates/console/`."""
    response = make_response(render_template(f"console/{template}", **values))
    response.status_code = status
    return response


def error_page(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Answer an error as a page of the console, or as JSON for the console's own scripts."""
    if request.accept_mimetypes.best == "application/json":
        response: Response = jsonify({"status": status, "detail": detail})
    else:
        title, text = TEXTS.get(status, (HTTPStatus(status).phrase, ""))
        response = render("error.html", title=title, text=text, detail=detail, status=status)
    response.status_code = status
    response.headers.update(headers or {})
    return response


def moment(value: float | None) -> str:
    """Return a moment as people read it, UTC to the second."""
    return "" if value is None else datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S")


def iso(value: float) -> str:
    """Return a moment as `<time datetime>` wants it."""
    return datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds")


def ago(value: float | None) -> str:
    """Return how long ago a moment was, roughly, in words."""
    if value is None:
        return "never"
    seconds = now() - value
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(abs(seconds) // size)
        if count:
            amount = f"{count} {name}{'' if count == 1 else 's'}"
            return f"{amount} ago" if seconds >= 0 else f"in {amount}"
    return "just now"


@blueprint.context_processor
def _page_values() -> dict[str, Any]:
    return {
        "who": signed_in(),
        "menu": navigation.menu,
        "is_current": navigation.is_current,
        "notice": notices.current_notice(),
        "may": _may,
        "now": now(),
        "public_url": runtime().settings.public_url,
    }


def _may(name: str) -> bool:
    who = signed_in()
    return who is not None and who.role.may(Permission(name))


@blueprint.errorhandler(VisavisError)
def _answer_own(error: VisavisError) -> Response:
    status = int(problem_of(error).status)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _answer_unforeseen(error)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimitedError) else {}
    return error_page(status, str(error), headers)


@blueprint.errorhandler(HTTPException)
def _answer_http(error: HTTPException) -> Response:
    return error_page(error.code or 500, error.description or "")


@blueprint.errorhandler(Exception)
def _answer_unforeseen(error: Exception) -> Response:
    log.error("unforeseen %s at %s", type(error).__name__, request.endpoint, exc_info=error)
    return error_page(500, "")


def install(app: Flask) -> None:
    """Add the console's filters, and what its macros need, to the templates."""
    app.jinja_env.globals.update(form_token=forms.form_token, has_page=has_page)
    app.jinja_env.filters.update(moment=moment, iso=iso, ago=ago)


def has_page(endpoint: str) -> bool:
    """Tell whether a page exists in this release."""
    return endpoint in current_app.view_functions
