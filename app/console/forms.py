"""Forms: what was sent, what is wrong at which field, and the token that proves where it came from."""

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import g, request
from werkzeug.wrappers import Response

from app.console.cookies import FORM, keep_cookie, read_cookie
from app.console.parts import signed_in
from app.errors import AccessRefusedError, InputError, RequestRefusedError
from app.verifications.document import ConfigurationRefusedError

TOKEN_FIELD = "form_token"  # noqa: S105 -- the field's name
TOKEN_HEADER = "X-Form-Token"  # noqa: S105
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PURPOSE = b"visavis console form"


@dataclass
class Form:
    """The values of one form and what is wrong with them, by field."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a value; an empty string for a field that was not sent."""
        return self.values.get(name, "")

    def flag(self, name: str) -> bool:
        """Tell whether a box was ticked."""
        return bool(self.values.get(name))

    @property
    def status(self) -> int:
        """HTTP status of the page that shows this form."""
        return 422 if self.errors else 200


def sent_form(**defaults: str) -> Form:
    """Return the form as it was sent, over the defaults."""
    return Form({**defaults, **request.form.to_dict()})


def empty_form(values: Mapping[str, str] | None = None) -> Form:
    """Return a form that nobody has filled in yet."""
    return Form(dict(values or {}))


@contextmanager
def errors_at_fields(form: Form) -> Iterator[None]:
    """Catch what is wrong with the input and note it at its field; the view then shows the form again."""
    try:
        yield
    except (RequestRefusedError, ConfigurationRefusedError) as error:
        form.errors.update(error.problems)
    except InputError as error:
        form.errors[error.field] = error.detail


def form_token() -> str:
    """Return the token that forms of this browser carry: only pages of ours can know it."""
    return hmac.new(_browser_secret().encode(), _PURPOSE, hashlib.sha256).hexdigest()


def require_form_token() -> None:
    """Refuse what was sent from elsewhere: cookies come along by themselves, this token does not."""
    if request.method in SAFE_METHODS:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise AccessRefusedError("this form was sent from another site")
    given = request.form.get(TOKEN_FIELD) or request.headers.get(TOKEN_HEADER, "")
    if not hmac.compare_digest(form_token().encode(), given.encode("utf-8", "surrogatepass")):
        raise AccessRefusedError("this form is too old; open the page again and repeat")


def keep_form_cookie(response: Response) -> Response:
    """Give the cookie that a form on a page for strangers needs."""
    if "new_form_secret" in g:
        keep_cookie(response, FORM, g.new_form_secret)
    return response


def _browser_secret() -> str:
    who = signed_in()
    if who is not None:
        return who.token
    held = read_cookie(FORM) or g.get("new_form_secret")
    if held is None:
        held = g.new_form_secret = secrets.token_urlsafe(32)
    return str(held)
