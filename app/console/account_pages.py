"""One's own account: password, second factor, recovery codes, and where one is signed in."""

import secrets
from collections.abc import Callable

from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.console.accounts import second_factor, sessions
from app.console.accounts.operators import load_operator, set_password
from app.console.accounts.passwords import is_password
from app.console.accounts.sessions import hash_token
from app.console.auditing import record_audit
from app.console.forms import Form, empty_form, errors_at_fields, sent_form
from app.console.notices import add_notices, done
from app.console.pages import render
from app.console.parts import now, operator, runtime
from app.console.roles import Access
from app.console.routing import route
from app.errors import InputError, NotFoundError
from app.models import Operator, OperatorSession

add_notices({"browser-signed-out": "That browser is signed out."})


@route("/account", Access.SIGNED_IN)
def account() -> Response:
    """Show one's own account."""
    return _account_page(empty_form())


@route("/account/password", Access.SIGNED_IN, methods=("POST",))
def change_password() -> Response:
    """Change the password, knowing the old one; other browsers are signed out."""
    form = sent_form()
    with errors_at_fields(form), runtime().database.transaction() as db:
        mine = _mine(db)
        if not is_password(mine.password_hash, form.text("old")):
            raise InputError("old", "is not your password")
        set_password(mine, form.text("password"))
        sessions.end_sessions(db, mine.id, but=hash_token(operator().token))
        record_audit(db, "operator.change", f"operator/{mine.id}", after={"change": "password changed"})
    return _account_page(form) if form.errors else done("password-changed", "console.account")


@route("/account/recovery-codes", Access.SIGNED_IN, methods=("POST",), fresh=True)
def make_recovery_codes() -> Response:
    """Make new recovery codes and show them, once."""
    return _show_codes(lambda db, mine: second_factor.new_recovery_codes(db, mine, secrets.token_bytes))


@route("/account/browsers/<token_hash>/sign-out", Access.SIGNED_IN, methods=("POST",))
def sign_browser_out(token_hash: str) -> Response:
    """End one of one's own sessions."""
    with runtime().database.transaction() as db:
        row = db.get(OperatorSession, token_hash)
        if row is None or row.operator_id != operator().operator_id:
            raise NotFoundError("no such session")
        sessions.end_session(db, token_hash)
    return done("browser-signed-out", "console.account")


def _show_codes(make: Callable[[Session, Operator], list[str]]) -> Response:
    with runtime().database.transaction() as db:
        mine = _mine(db)
        if not second_factor.has_second_factor(mine):
            raise InputError("code", "set up a second factor first")
        codes = make(db, mine)
        record_audit(db, "operator.change", f"operator/{mine.id}", after={"change": "new recovery codes"})
    return render("recovery_codes.html", codes=codes, target="/console/account")


def _account_page(form: Form) -> Response:
    with runtime().database.reading() as db:
        mine = _mine(db)
        return render(
            "account.html",
            form.status,
            form=form,
            account=mine,
            protected=second_factor.has_second_factor(mine),
            codes_left=second_factor.recovery_codes_left(db, mine.id),
            browsers=sessions.list_sessions(db, mine.id, now()),
            this_browser=hash_token(operator().token),
        )


def _mine(db: Session) -> Operator:
    return load_operator(db, operator().operator_id)
