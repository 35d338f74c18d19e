"""Setting up an account: the password from a link, then the second factor with its recovery codes."""

import secrets

from flask import request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.console.accounts import links, second_factor, throttling
from app.console.accounts.operators import load_operator
from app.console.accounts.sessions import Stage
from app.console.auditing import record_audit
from app.console.forms import empty_form, errors_at_fields, sent_form
from app.console.guards import safe_target
from app.console.pages import render
from app.console.parts import now, operator, runtime
from app.console.roles import MAY_POSTPONE_SECOND_FACTOR, Access
from app.console.routing import route
from app.console.signing_in import replace_session, sign_in
from app.errors import AccessRefusedError, InputError
from app.models import Operator
from app.qr_codes import qr_svg

WRONG_CODE = "is not right, or was used already; wait for the next one"


@route("/enrolment", Access.ENROLMENT)
def enrolment() -> Response:
    """Show the QR code for an authenticator app."""
    return _enrolment_page(empty_form().values)


@route("/enrolment", Access.ENROLMENT, methods=("POST",))
def send_enrolment() -> Response:
    """Take the first code, show the recovery codes once, and open the console."""
    form, parts = sent_form(), runtime()
    with parts.database.transaction() as db:
        account = _without_second_factor(db)
        throttling.require_patience(db, [throttling.account_key(account.email)], now())
        codes = second_factor.confirm_enrolment(
            db, parts.sealer, account, form.text("code"), now(), secrets.token_bytes
        )
        if codes is not None:
            after = {"change": "second factor set up"}
            record_audit(db, "operator.change", f"operator/{account.id}", after=after)
    if codes is None:
        return _enrolment_page(form.values, WRONG_CODE)
    response = render("recovery_codes.html", codes=codes, target=safe_target(request.args.get("next")))
    replace_session(response, operator().operator_id, Stage.FULL)
    return response


@route("/enrolment/postpone", Access.ENROLMENT, methods=("POST",))
def postpone_enrolment() -> Response:
    """Open the console without a second factor, for roles that can change nothing."""
    if operator().role not in MAY_POSTPONE_SECOND_FACTOR:
        raise AccessRefusedError("this role needs a second factor")
    return sign_in(operator().operator_id, Stage.FULL, request.args.get("next"))


@route("/setup/<token>", Access.PUBLIC)
def setup(token: str) -> Response:
    """Show the form of a set-up link."""
    with runtime().database.reading() as db:
        return render("setup.html", form=empty_form(), invited=_invited(db, token))


@route("/setup/<token>", Access.PUBLIC, methods=("POST",))
def send_setup(token: str) -> Response:
    """Set the password, use the link up, and go on to the second factor."""
    form = sent_form()
    with errors_at_fields(form), runtime().database.transaction() as db:
        if form.text("password") != form.text("again"):
            raise InputError("again", "is not the same as above")
        account = links.use_link(db, token, form.text("email"), form.text("password"), now())
        record_audit(db, "operator.setup", f"operator/{account.id}", account=account)
    if not form.errors:
        return sign_in(account.id, Stage.ENROLMENT, None)
    with runtime().database.reading() as db:
        return render("setup.html", form.status, form=form, invited=_invited(db, token))


def _enrolment_page(values: dict[str, str], problem: str | None = None) -> Response:
    parts = runtime()
    with parts.database.transaction() as db:
        account = _without_second_factor(db)
        secret = second_factor.begin_enrolment(parts.sealer, account, secrets.token_bytes)
        uri = second_factor.enrolment_uri(secret, account.email, parts.settings.public_url)
    form = empty_form()
    if problem:
        form.errors["code"] = problem
    may_postpone = operator().role in MAY_POSTPONE_SECOND_FACTOR
    return render(
        "enrolment.html", form.status, form=form, qr=qr_svg(uri), secret=secret, may_postpone=may_postpone
    )


def _without_second_factor(db: Session) -> Operator:
    account = db.get_one(Operator, operator().operator_id, with_for_update=True)
    if second_factor.has_second_factor(account):
        raise AccessRefusedError("there is a second factor already; an owner can take it away")
    return account


def _invited(db: Session, token: str) -> Operator | None:
    """Return the account that a link belongs to; None for the first owner, who chooses an address."""
    link = links.peek_link(db, token, now())
    return None if link.operator_id is None else load_operator(db, link.operator_id)
