"""The single table: exception → status, as a page for people or a problem document for clients."""

import logging
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from app import errors
from app.verifications.document import ConfigurationRefusedError

log = logging.getLogger(__name__)

PROBLEM_TYPE_PREFIX = "urn:visavis:problem:"
# Whoever calls these paths is a program, whatever it says that it accepts.
API_PREFIX = "/v1/"


@dataclass(frozen=True)
class Problem:
    """How one kind of exception is answered."""

    status: HTTPStatus
    slug: str
    """Last part of the stable `type`."""
    title: str


PROBLEMS: dict[type[errors.VisavisError], Problem] = {
    errors.TooLargeError: Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "Too large"),
    errors.UnsupportedMediaError: Problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-media", "Unsupported picture"
    ),
    errors.InputError: Problem(HTTPStatus.BAD_REQUEST, "bad-input", "Bad input"),
    errors.SignatureRefusedError: Problem(HTTPStatus.FORBIDDEN, "signature-refused", "Signature refused"),
    errors.LinkGoneError: Problem(HTTPStatus.GONE, "link-gone", "Link no longer valid"),
    errors.NotFoundError: Problem(HTTPStatus.NOT_FOUND, "not-found", "Not found"),
    errors.AccessRefusedError: Problem(HTTPStatus.FORBIDDEN, "access-refused", "Not your session"),
    errors.PageSupersededError: Problem(HTTPStatus.CONFLICT, "page-superseded", "Opened elsewhere"),
    errors.StateConflictError: Problem(HTTPStatus.CONFLICT, "state-conflict", "Not possible now"),
    errors.RateLimitedError: Problem(HTTPStatus.TOO_MANY_REQUESTS, "rate-limited", "Too many attempts"),
    errors.AttemptsExhaustedError: Problem(
        HTTPStatus.TOO_MANY_REQUESTS, "attempts-exhausted", "No attempts left"
    ),
    errors.CountryForbiddenError: Problem(HTTPStatus.FORBIDDEN, "country-forbidden", "Not available here"),
    errors.UnauthenticatedError: Problem(HTTPStatus.UNAUTHORIZED, "unauthenticated", "Not authenticated"),
    errors.InsufficientScopeError: Problem(HTTPStatus.FORBIDDEN, "insufficient-scope", "Scope missing"),
    errors.BrowserOriginError: Problem(
        HTTPStatus.FORBIDDEN, "browser-origin-refused", "Secret key used in a browser"
    ),
    errors.IdempotencyMismatchError: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency-mismatch", "Idempotency key used for another request"
    ),
    errors.RequestInProgressError: Problem(
        HTTPStatus.CONFLICT, "request-in-progress", "The first request is still under way"
    ),
    errors.ResultCodeGoneError: Problem(HTTPStatus.GONE, "result-code-gone", "Result code no longer valid"),
    errors.AlreadyExistsError: Problem(HTTPStatus.CONFLICT, "already-exists", "Exists already"),
    ConfigurationRefusedError: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "configuration-refused", "Configuration refused"
    ),
}
INTERNAL = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", "Internal error")
# Where HTTP's own errors have a name of ours; their phrases differ between releases of Python.
SLUGS = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported-media",
    HTTPStatus.TOO_MANY_REQUESTS: "rate-limited",
}


def init_error_pages(app: Flask) -> None:
    """Register one handler for our own tree, one for HTTP's, one for everything unforeseen."""
    app.register_error_handler(errors.VisavisError, _answer_own)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unforeseen)


def problem_of(error: errors.VisavisError) -> Problem:
    """Return the entry of the nearest ancestor in `PROBLEMS`."""
    return problem_of_kind(type(error))


def problem_of_kind(kind: type[errors.VisavisError]) -> Problem:
    """Return how errors of this kind are answered."""
    return next((PROBLEMS[each] for each in kind.__mro__ if each in PROBLEMS), INTERNAL)


def wants_json() -> bool:
    """Tell whether the client prefers a problem document to a page."""
    accepted = request.accept_mimetypes
    best = accepted.best_match(["text/html", "application/json", "application/problem+json"], "text/html")
    return best != "text/html" or request.method == "POST" or request.path.startswith(API_PREFIX)


def _answer_own(error: errors.VisavisError) -> Response:
    problem = problem_of(error)
    if problem is INTERNAL:
        return _answer_unforeseen(error)
    headers = {}
    if isinstance(error, errors.RateLimitedError):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.UnauthenticatedError):
        headers["WWW-Authenticate"] = "ApiKey, Bearer"
    return _answer(problem, str(error), _fields_of(error), headers)


def _fields_of(error: errors.VisavisError) -> dict[str, str]:
    """Return what is wrong by field, the first one first."""
    if isinstance(error, errors.RequestRefusedError | ConfigurationRefusedError):
        return error.problems
    return {error.field: error.detail} if isinstance(error, errors.InputError) else {}


def _answer_http(error: HTTPException) -> Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    status = HTTPStatus(error.code or 500)
    slug = SLUGS.get(status, status.phrase.lower().replace(" ", "-"))
    headers = {name: value for name, value in error.get_headers() if name in {"Retry-After", "Allow"}}
    return _answer(Problem(status, slug, status.phrase), status.description or status.phrase, {}, headers)


def _answer_unforeseen(error: Exception) -> Response:
    # The message may hold what must not be logged; type and place are enough to find it.
    log.error("unforeseen %s at %s", type(error).__name__, request.endpoint, exc_info=error)
    return _answer(INTERNAL, "Something went wrong on our side. Nothing was lost; try again.", {}, {})


def _answer(problem: Problem, detail: str, fields: dict[str, str], headers: dict[str, str]) -> Response:
    if wants_json():
        response = _problem_document(problem, detail, fields)
    else:
        response = make_response(_page(problem, detail, next(iter(fields), None)))
    response.status_code = problem.status
    response.headers.extend(headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _problem_document(problem: Problem, detail: str, fields: dict[str, str]) -> Response:
    document = {
        "type": PROBLEM_TYPE_PREFIX + problem.slug,
        "title": problem.title,
        "status": int(problem.status),
        "detail": detail,
    }
    if fields:
        document["field"] = next(iter(fields))
        document["errors"] = [{"field": field, "detail": what} for field, what in fields.items()]
    response = jsonify(document)
    response.mimetype = "application/problem+json"
    return response


def _page(problem: Problem, detail: str, field: str | None) -> str:
    """Render the page for people; what only an engineer understands stands below, in small print."""
    title, text = _texts(problem)
    technical = detail if problem.status < HTTPStatus.INTERNAL_SERVER_ERROR else None
    return render_template(
        "errors/error.html",
        status=int(problem.status),
        title=title,
        detail=text,
        technical=technical,
        field=field,
        retry_url=None,
    )


def _texts(problem: Problem) -> tuple[str, str]:
    """Return title and explanation for the person, in their language."""
    texts = {
        "bad-input": (
            _("This link is not complete"),
            _("Please go back to the site that sent you and try again."),
        ),
        "signature-refused": (
            _("This link cannot be trusted"),
            _(
                "It was changed on the way, or it was not made by the site it names. "
                "Please go back and start again."
            ),
        ),
        "link-gone": (
            _("This link is no longer valid"),
            _("It has expired or was used already. Please go back to the site that sent you for a new one."),
        ),
        "not-found": (_("Nothing here"), _("This address does not exist. Please check the link.")),
        "access-refused": (
            _("This check belongs to another browser"),
            _("Please continue in the browser in which you began, or ask the site for a new link."),
        ),
        "rate-limited": (_("Too many tries"), _("Please wait a little and open the link again.")),
        "attempts-exhausted": (
            _("No more tries"),
            _("Please contact the site that sent you; they can help you another way."),
        ),
        "country-forbidden": (
            _("Not available where you are"),
            _("The site that sent you does not offer this check in your country."),
        ),
    }
    fallback = (_("Something went wrong"), _("Nothing was lost. Please try again in a moment."))
    return texts.get(problem.slug, fallback)
