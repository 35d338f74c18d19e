"""From one stage of signing in to the next: a new session each time, and the page that comes then."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from app.console.accounts import sessions
from app.console.accounts.operators import load_operator
from app.console.accounts.sessions import Stage, hash_token
from app.console.auditing import record_audit
from app.console.cookies import SESSION, keep_cookie
from app.console.guards import HOME, PAGE_OF_STAGE, safe_target
from app.console.parts import now, runtime, signed_in


def sign_in(operator_id: str, stage: Stage, target: str | None) -> Response:
    """Sign somebody in as far as `stage` says and go to the page that is next."""
    inside = safe_target(target)
    if stage is Stage.FULL:
        response = redirect(inside, 303)
    else:
        response = redirect(url_for(PAGE_OF_STAGE[stage], next=None if inside == HOME else inside), 303)
    replace_session(response, operator_id, stage)
    return response


def replace_session(response: Response, operator_id: str, stage: Stage) -> None:
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
