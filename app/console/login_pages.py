"""Signing in: password, then code; setting up an account from a link; proving oneself again."""

import secrets

from flask import redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.console.accounts import links, second_factor, sessions, throttling
from app.console.accounts.operators import find_by_email, load_operator
from app.console.accounts.passwords import hash_password, is_password, needs_rehash
from app.console.accounts.sessions import Stage, hash_token
from app.console.auditing import record_audit
from app.console.cookies import SESSION, drop_cookie, keep_cookie
from app.console.forms import empty_form, errors_at_fields, sent_form
from app.console.guards import HOME, safe_target
from app.console.notices import done
from app.console.pages import render
from app.console.parts import now, operator, runtime, signed_in
from app.console.roles import MAY_POSTPONE_SECOND_FACTOR, Access
from app.console.routing import route
from app.errors import AccessRefusedError, InputError
from app.models import Operator, OperatorSession
from app.qr_codes import qr_svg

WRONG = "e-mail address and password do not belong together"
WRONG_CODE = "is not right, or was used already; wait for the next one"


@route("", Access.SIGNED_IN)
def home() -> Response:
    """Go to the first page of the menu."""
    return redirect(url_for("console.configurations"), 303)


@route("/login", Access.PUBLIC)
def login() -> Response:
    """Show the login form; whoever is signed in goes on."""
    who = signed_in()
    if who is not None:
        return redirect(safe_target(request.args.get("next")), 303)
    return render("login.html", form=empty_form())


@route("/login", Access.PUBLIC, methods=("POST",))
def send_login() -> Response:
    """Check a password; what comes next depends on the second factor."""
    form = sent_form()
    email = form.text("email").strip().lower()
    account = _checked(email, form.text("password"))
    if account is None:
        form.errors["password"] = WRONG
        return render("login.html", form.status, form=form)
    stage = Stage.SECOND_FACTOR if second_factor.has_second_factor(account) else Stage.ENROLMENT
    return _sign_in(account.id, stage, request.args.get("next"))


@route("/second-factor", Access.SECOND_FACTOR)
def second_factor_page() -> Response:
    """Ask for a code."""
    return render("second_factor.html", form=empty_form())


@route("/second-factor", Access.SECOND_FACTOR, methods=("POST",))
def send_second_factor() -> Response:
    """Check a code of the app or a recovery code, and open the console."""
    form = sent_form()
    if not _proves(form.text("code"), password=""):
        form.errors["code"] = WRONG_CODE
        return render("second_factor.html", form.status, form=form)
    return _sign_in(operator().operator_id, Stage.FULL, request.args.get("next"))


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
    _replace_session(response, operator().operator_id, Stage.FULL)
    return response


@route("/enrolment/postpone", Access.ENROLMENT, methods=("POST",))
def postpone_enrolment() -> Response:
    """Open the console without a second factor, for roles that can change nothing."""
    if operator().role not in MAY_POSTPONE_SECOND_FACTOR:
        raise AccessRefusedError("this role needs a second factor")
    return _sign_in(operator().operator_id, Stage.FULL, request.args.get("next"))


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
        return _sign_in(account.id, Stage.ENROLMENT, None)
    with runtime().database.reading() as db:
        return render("setup.html", form.status, form=form, invited=_invited(db, token))


@route("/logout", Access.PUBLIC, methods=("POST",))
def logout() -> Response:
    """End the session, on the server too."""
    response = done("signed-out", "console.login")
    who = signed_in()
    if who is not None:
        with runtime().database.transaction() as db:
            sessions.end_session(db, hash_token(who.token))
            record_audit(db, "operator.sign-out", f"operator/{who.operator_id}")
    drop_cookie(response, SESSION)
    return response


@route("/confirm", Access.SIGNED_IN)
def confirm() -> Response:
    """Ask for password or code before secrets and deletions."""
    return render("confirm.html", form=empty_form())


@route("/confirm", Access.SIGNED_IN, methods=("POST",))
def send_confirm() -> Response:
    """Remember for ten minutes that the operator was there."""
    form = sent_form()
    if not _proves(form.text("proof"), password=form.text("proof")):
        form.errors["proof"] = "is neither your password nor a fresh code"
        return render("confirm.html", form.status, form=form)
    with runtime().database.transaction() as db:
        db.get_one(OperatorSession, hash_token(operator().token)).proved_at = now()
    return redirect(safe_target(request.args.get("next")), 303)


def _checked(email: str, password: str) -> Operator | None:
    """Return the operator whose password this is; failures are counted, unknown addresses like known ones."""
    keys = [throttling.account_key(email), throttling.address_key(request.remote_addr or "")]
    with runtime().database.reading() as db:
        throttling.require_patience(db, keys, now())
        account = find_by_email(db, email)
    is_right = is_password(account.password_hash if account else None, password)
    with runtime().database.transaction() as db:
        if account is None or not is_right or account.disabled_at is not None:
            throttling.count_failure(db, keys, now())
            if account is not None:
                record_audit(db, "operator.sign-in-refused", f"operator/{account.id}", account=account)
            return None
        account = load_operator(db, account.id)
        if not second_factor.has_second_factor(account):
            throttling.forgive(db, keys[0][0])
        if account.password_hash and needs_rehash(account.password_hash):
            account.password_hash = hash_password(password)
        return account


def _proves(code: str, password: str) -> bool:
    """Tell whether a code, or the password where that counts, is the operator's; failures are counted."""
    parts, who = runtime(), operator()
    keys = [throttling.account_key(who.email), throttling.address_key(request.remote_addr or "")]
    with parts.database.reading() as db:
        throttling.require_patience(db, keys, now())
        password_hash = load_operator(db, who.operator_id).password_hash
    is_right = bool(password) and len(password) > second_factor.CODE_DIGITS + 1
    is_right = is_right and is_password(password_hash, password)
    with parts.database.transaction() as db:
        account = db.get_one(Operator, who.operator_id, with_for_update=True)
        is_right = (
            is_right
            or second_factor.use_code(parts.sealer, account, code, now())
            or second_factor.use_recovery_code(db, account, code, now())
        )
        if is_right:
            throttling.forgive(db, keys[0][0])
        else:
            throttling.count_failure(db, keys, now())
    return is_right


def _sign_in(operator_id: str, stage: Stage, target: str | None) -> Response:
    pages = {
        Stage.SECOND_FACTOR: "console.second_factor_page",
        Stage.ENROLMENT: "console.enrolment",
    }
    inside = safe_target(target)
    if stage is Stage.FULL:
        response = redirect(inside, 303)
    else:
        response = redirect(url_for(pages[stage], next=None if inside == HOME else inside), 303)
    _replace_session(response, operator_id, stage)
    return response


def _replace_session(response: Response, operator_id: str, stage: Stage) -> None:
    """Give a new token at every step: one that was planted or seen before opens nothing."""
    who, moment = signed_in(), now()
    with runtime().database.transaction() as db:
        account = load_operator(db, operator_id)
        if who is not None:
            sessions.end_session(db, hash_token(who.token))
        sessions.forget_dead_sessions(db, moment)
        agent = request.headers.get("User-Agent", "")
        token = sessions.begin_session(db, account, stage, moment, request.remote_addr or "", agent)
        if stage is Stage.FULL:
            account.last_login_at = moment
            record_audit(db, "operator.sign-in", f"operator/{account.id}", account=account)
    keep_cookie(response, SESSION, token)


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
