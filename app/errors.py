"""The exception tree: plain Python. `app.error_pages` alone knows which status each one becomes."""

from collections.abc import Mapping


class VisavisError(Exception):
    """Base of everything this service raises on purpose."""


class InputError(VisavisError):
    """What the caller sent cannot be used; `field` names the culprit in the caller's own words."""

    def __init__(self, field: str, detail: str) -> None:
        """Name the offending `field` and say in `detail` what would be accepted."""
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


class RequestRefusedError(InputError):
    """A request to the API whose content cannot be used; `problems` maps each field to what is wrong."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        """Keep every problem, so that an engineer can mend them all at once."""
        field, detail = next(iter(problems.items()))
        super().__init__(field, detail)
        self.problems = dict(problems)


class TooLargeError(InputError):
    """A limit on size or count was passed."""


class UnsupportedMediaError(InputError):
    """Bytes that are not one of the accepted picture formats."""


class SignatureRefusedError(VisavisError):
    """A signature is missing where one is required, or wrong; deliberately without detail."""


class LinkGoneError(VisavisError):
    """The link was good once: expired, nonce spent, or its session is complete."""


class NotFoundError(VisavisError):
    """No such verification, session or page."""


class AccessRefusedError(VisavisError):
    """The browser does not hold this session."""


class PageSupersededError(VisavisError):
    """The link was opened again elsewhere, and this page no longer speaks for the session."""


class StateConflictError(VisavisError):
    """The session is not in a state that allows this; somebody else was first."""


class ModelPackError(VisavisError):
    """A model file is missing, altered or cannot be built; the service must not start."""


class SettingsError(VisavisError):
    """A setting is missing or makes no sense; the service must not start."""


class RateLimitedError(VisavisError):
    """Too many tries; `retry_after` in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        """Say how long to wait, in whole seconds."""
        super().__init__(f"too many attempts, try again in {retry_after} s")
        self.retry_after = retry_after


class AttemptsExhaustedError(VisavisError):
    """The hard stop on failed visits of one external id was reached."""


class CountryForbiddenError(VisavisError):
    """The configuration does not serve the country that the visitor comes from."""


class UnauthenticatedError(VisavisError):
    """The API was called without a key or token, or with one that is not good."""


class InsufficientScopeError(VisavisError):
    """The key or token is good, and may not do this."""


class BrowserOriginError(VisavisError):
    """A secret key came from a web page; whoever visits that page can read it."""


class IdempotencyMismatchError(InputError):
    """An `Idempotency-Key` came again with another request."""


class RequestInProgressError(VisavisError):
    """The first request of this `Idempotency-Key` has not been answered yet."""


class ResultCodeGoneError(VisavisError):
    """A result code was redeemed before, or its time is over."""


class AlreadyExistsError(VisavisError):
    """What was to be created is there already."""
