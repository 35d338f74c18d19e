"""The console's one guard: who calls, how far they have signed in, and whether their role may do that."""

from urllib.parse import urlsplit

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response

from app.console.accounts.sessions import (
    SEEN_EVERY_SECONDS,
    Stage,
    find_session,
    hash_token,
    is_fresh,
)
from app.console.cookies import SESSION, read_cookie
from app.console.forms import SAFE_METHODS, require_form_token
from app.console.parts import SignedIn, now, operator, runtime, signed_in
from app.console.roles import Access, Permission, Role
from app.console.routing import Rule, rule_of
from app.errors import AccessRefusedError
from app.models import OperatorSession

HOME = "/console"
# Where somebody belongs who is half signed in.
PAGE_OF_STAGE = {Stage.SECOND_FACTOR: "console.second_factor_page", Stage.ENROLMENT: "console.enrolment"}
OPEN_TO_STAGE: dict[Permission | Access, set[Stage]] = {
    Access.SECOND_FACTOR: {Stage.SECOND_FACTOR},
    Access.ENROLMENT: {Stage.ENROLMENT, Stage.FULL},
}


def require_operator() -> Response | None:
    """Let in whom the route's rule lets in; send everybody else to where they can prove themselves."""
    rule = rule_of(request.endpoint)
    g.console_operator = _authenticate()
    require_form_token()
    if rule.need is Access.PUBLIC:
        return None
    who = signed_in()
    if who is None:
        return redirect(url_for("console.login", next=_asked_for()), 303)
    return _at_right_stage(rule, who) or _with_permission(rule, who)


def safe_target(target: str | None) -> str:
    """Return an address inside the console; anything else becomes the first page."""
    parts = urlsplit(target or "")
    inside = not parts.scheme and not parts.netloc and "\\" not in parts.path
    if inside and (parts.path == HOME or parts.path.startswith(f"{HOME}/")):
        return target or HOME
    return HOME


def _at_right_stage(rule: Rule, who: SignedIn) -> Response | None:
    stage = Stage(who.stage)
    if stage in OPEN_TO_STAGE.get(rule.need, {Stage.FULL}):
        return None
    page = PAGE_OF_STAGE.get(stage, "console.home")
    return redirect(url_for(page, next=request.args.get("next")), 303)


def _with_permission(rule: Rule, who: SignedIn) -> Response | None:
    if isinstance(rule.need, Permission) and not who.role.may(rule.need):
        raise AccessRefusedError(f"the role {who.role} does not have the permission {rule.need}")
    if rule.fresh and not is_fresh(who.proved_at, now()):
        return redirect(url_for("console.confirm", next=_asked_for()), 303)
    return None


def require_fresh() -> Response | None:
    """Ask for password or code again where only a part of a view needs it; None when that was done lately."""
    if is_fresh(operator().proved_at, now()):
        return None
    return redirect(url_for("console.confirm", next=_asked_for()), 303)


def _asked_for() -> str:
    """Return the page to come back to; of a form that was sent, the page that it stands on."""
    if request.method in SAFE_METHODS:
        return safe_target(request.full_path.rstrip("?"))
    return safe_target(request.form.get("page"))


def _authenticate() -> SignedIn | None:
    token = read_cookie(SESSION)
    if not token:
        return None
    with runtime().database.reading() as db:
        found = find_session(db, token, now())
    if found is None:
        return None
    row, account = found
    if now() - row.last_seen_at >= SEEN_EVERY_SECONDS:
        _note_seen(token)
    return SignedIn(account.id, account.email, Role(account.role), row.stage, token, row.proved_at)


def _note_seen(token: str) -> None:
    with runtime().database.transaction() as db:
        row = db.get(OperatorSession, hash_token(token), with_for_update=True)
        if row is not None:
            row.last_seen_at = now()
