"""Operators: invite, change the role, take a second factor away, disable."""

from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.console.accounts import links, operators, second_factor
from app.console.accounts.sessions import end_sessions
from app.console.auditing import record_audit
from app.console.forms import Form, empty_form, errors_at_fields, sent_form
from app.console.navigation import Entry, add_entry
from app.console.notices import add_notices, done
from app.console.pages import render
from app.console.parts import now, runtime
from app.console.roles import Permission, Role
from app.console.routing import route
from app.errors import AlreadyExistsError, InputError
from app.models import Operator

add_entry("People", Entry("Operators", "console.operators_page", "/console/operators"))
add_notices(
    {
        "role-changed": "The role is changed; it counts from the next click.",
        "operator-disabled": "The account is disabled and signed out everywhere.",
        "operator-enabled": "The account may sign in again.",
        "second-factor-taken": "The second factor is gone; the next login sets up a new one.",
    }
)


@route("/operators", Permission.OPERATORS)
def operators_page() -> Response:
    """List everybody who has an account."""
    return _operators_page(empty_form({"role": Role.VIEWER.value}))


@route("/operators", Permission.OPERATORS, methods=("POST",), fresh=True)
def invite_operator() -> Response:
    """Make an account and show its set-up link, once."""
    form = sent_form()
    with errors_at_fields(form), runtime().database.transaction() as db:
        account = _invited(db, form)
        token = links.make_link(db, account.id, now())
        record_audit(db, "operator.invite", f"operator/{account.id}", after={"role": account.role})
    return _operators_page(form) if form.errors else _link_page(account, token)


@route("/operators/<operator_id>/link", Permission.OPERATORS, methods=("POST",), fresh=True)
def make_setup_link(operator_id: str) -> Response:
    """Make a new set-up link for somebody who lost password or phone, and show it, once."""
    with runtime().database.transaction() as db:
        account = operators.load_operator(db, operator_id)
        token = links.make_link(db, account.id, now())
        _changed(db, account.id, "new set-up link")
    return _link_page(account, token)


@route("/operators/<operator_id>/role", Permission.OPERATORS, methods=("POST",), fresh=True)
def change_operator_role(operator_id: str) -> Response:
    """Give an operator another role."""
    form = sent_form()
    with errors_at_fields(form), runtime().database.transaction() as db:
        account = operators.load_operator(db, operator_id)
        before = account.role
        operators.change_role(db, account, _role(form))
        record_audit(
            db,
            "operator.change",
            f"operator/{account.id}",
            before={"role": before},
            after={"role": account.role},
        )
    return _operators_page(form) if form.errors else done("role-changed", "console.operators_page")


@route("/operators/<operator_id>/second-factor", Permission.OPERATORS, methods=("POST",), fresh=True)
def take_second_factor(operator_id: str) -> Response:
    """Take a lost second factor away and sign the operator out."""
    with runtime().database.transaction() as db:
        account = operators.load_operator(db, operator_id)
        second_factor.forget_second_factor(db, account)
        end_sessions(db, account.id)
        _changed(db, account.id, "second factor taken away")
    return done("second-factor-taken", "console.operators_page")


@route("/operators/<operator_id>/disable", Permission.OPERATORS, methods=("POST",), fresh=True)
def disable_operator(operator_id: str) -> Response:
    """Let an operator in no more."""
    form = sent_form()
    with errors_at_fields(form), runtime().database.transaction() as db:
        operators.disable_operator(db, operators.load_operator(db, operator_id), now())
        record_audit(db, "operator.disable", f"operator/{operator_id}")
    return _operators_page(form) if form.errors else done("operator-disabled", "console.operators_page")


@route("/operators/<operator_id>/enable", Permission.OPERATORS, methods=("POST",), fresh=True)
def enable_operator(operator_id: str) -> Response:
    """Let a disabled operator in again."""
    with runtime().database.transaction() as db:
        operators.enable_operator(operators.load_operator(db, operator_id))
        _changed(db, operator_id, "enabled")
    return done("operator-enabled", "console.operators_page")


def _changed(db: Session, operator_id: str, change: str) -> None:
    record_audit(db, "operator.change", f"operator/{operator_id}", after={"change": change})


def _invited(db: Session, form: Form) -> Operator:
    try:
        return operators.create_operator(db, form.text("email"), _role(form), now())
    except AlreadyExistsError as error:
        raise InputError("email", str(error)) from None


def _role(form: Form) -> Role:
    try:
        return Role(form.text("role"))
    except ValueError:
        raise InputError("role", f"must be one of {', '.join(Role)}") from None


def _operators_page(form: Form) -> Response:
    with runtime().database.reading() as db:
        return render(
            "operators.html", form.status, form=form, accounts=operators.list_operators(db), roles=list(Role)
        )


def _link_page(account: Operator, token: str) -> Response:
    url = f"{runtime().settings.public_url}/console/setup/{token}"
    return render("operator_link.html", account=account, url=url)
