"""Signing in: password, then code; proving oneself again; signing out."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from app.console.accounts import second_factor, sessions, throttling
from app.console.accounts.operators import find_by_email, load_operator
from app.console.accounts.passwords import hash_password, is_password, needs_rehash
from app.console.accounts.sessions import Stage, hash_token
from app.console.auditing import record_audit
from app.console.cookies import SESSION, drop_cookie
from app.console.forms import empty_form, sent_form
from app.console.guards import safe_target
from app.console.notices import done
from app.console.pages import render
from app.console.parts import now, operator, runtime, signed_in
from app.console.roles import Access
from app.console.routing import route
from app.console.signing_in import sign_in
from app.errors import NotFoundError
from app.models import Operator, OperatorSession

# Characters of an address that is repeated to whoever typed it.
MOST_SHOWN = 80

WRONG = "e-mail address and password do not belong together"
WRONG_CODE = "is not right, or was used already; wait for the next one"


@route("", Access.SIGNED_IN)
def home() -> Response:
    """Go to the first page of the menu."""
    return redirect(url_for("console.configurations"), 303)


@route("/<path:nothing>", Access.SIGNED_IN)
def nowhere(nothing: str) -> Response:
    """Say on a page of the console that there is no such page; strangers come to the login first."""
    raise NotFoundError(f"the console has no page {nothing[:MOST_SHOWN]}")


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
    return sign_in(account.id, stage, request.args.get("next"))


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
    return sign_in(operator().operator_id, Stage.FULL, request.args.get("next"))


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
