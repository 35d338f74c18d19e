"""Which problems an operation can answer with: what it declares, and what every one of its kind may."""

from collections import defaultdict

from app.api.operations import Operation
from app.api.scopes import Unscoped
from app.error_pages import INTERNAL, Problem, problem_of_kind
from app.errors import (
    BrowserOriginError,
    IdempotencyMismatchError,
    InputError,
    InsufficientScopeError,
    RateLimitedError,
    RequestInProgressError,
    TooLargeError,
    UnauthenticatedError,
    UnsupportedMediaError,
    VisavisError,
)
from app.verifications.configuration import Configuration

EVERY_CALL = (UnauthenticatedError, BrowserOriginError, RateLimitedError)
EVERY_BODY = (TooLargeError, UnsupportedMediaError)
EVERY_POST = (InputError, IdempotencyMismatchError, RequestInProgressError)


def problems_by_status(operation: Operation, method: str) -> dict[int, list[Problem]]:
    """Return every problem that this operation may answer with, by status, ascending."""
    found: dict[int, list[Problem]] = defaultdict(list)
    for problem in [problem_of_kind(kind) for kind in _kinds(operation, method)] + [INTERNAL]:
        if problem not in found[int(problem.status)]:
            found[int(problem.status)].append(problem)
    return dict(sorted(found.items()))


def _kinds(operation: Operation, method: str) -> list[type[VisavisError]]:
    kinds: list[type[VisavisError]] = [*EVERY_CALL, *operation.errors]
    if operation.need is not Unscoped.ANY_CALLER:
        kinds.append(InsufficientScopeError)
    if not issubclass(operation.request, Configuration):
        kinds.append(InputError)
    if not operation.reads_query(method):
        kinds.extend(EVERY_BODY)
    if method == "POST":
        kinds.extend(EVERY_POST)
    return kinds
