"""Keys and secrets: made and shown once, replaced, ended. Every change asks for the password again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import projects
from app.api import keys
from app.api.scopes import Scope
from app.audit.actions import Action
from app.console.auditing import record_audit
from app.console.forms import Form, empty_form, errors_at_fields, sent_form
from app.console.navigation import Entry, add_entry
from app.console.notices import add_notices, done
from app.console.pages import render
from app.console.parts import now, runtime
from app.console.query_values import DAY_SECONDS, short_text, whole_number
from app.console.roles import Permission
from app.console.routing import route
from app.errors import InputError, NotFoundError
from app.models import ApiKey, Project, SigningSecretRow, Verification, WebhookSecret
from app.signing.keyring import MAX_LIVE_SECRETS
from app.verifications.store import list_verifications, load_current
from app.webhooks import secrets as webhook_secrets

HOUR_SECONDS = 3600
LONGEST_DAYS = 3650
SCOPE_TEXTS: dict[Scope, str] = {
    Scope.VERIFICATIONS_READ: "Read configurations",
    Scope.VERIFICATIONS_WRITE: "Change configurations",
    Scope.SESSIONS_READ: "Read sessions and results",
    Scope.SESSIONS_WRITE: "Open, cancel and redact sessions",
    Scope.FACES_READ: "Read faces and collections",
    Scope.FACES_WRITE: "Store and delete faces",
    Scope.SIGNATURES: "Sign and check links",
    Scope.DETECTION: "Compare faces, estimate age and gender",
}

add_entry("Integrate", Entry("Keys and secrets", "console.keys_page", "/console/keys"))
add_notices(
    {
        "key-revoked": "The key is revoked. Calls with it, and with its tokens, are refused from now on.",
        "secret-retired": "The secret is retired. Links signed with it are refused from now on.",
        "webhook-secret-retired": "The secret is retired. Events are signed with the other one alone.",
    }
)


@dataclass(frozen=True, slots=True)
class Receiver:
    """A verification with the secrets that sign its events."""

    verification: Verification
    url: str | None
    secrets: Sequence[WebhookSecret]


@route("/keys", Permission.SECRETS)
def keys_page() -> Response:
    """List keys and secrets: names and dates, never values."""
    return _keys_page(empty_form())


@route("/keys/api", Permission.SECRETS, methods=("POST",), fresh=True)
def create_api_key() -> Response:
    """Make an API key and show it, once."""
    form, parts, text = sent_form(), runtime(), ""
    with errors_at_fields(form), parts.database.transaction() as db:
        days = whole_number(form, "days", 1, LONGEST_DAYS)
        expires_at = None if days is None else now() + days * DAY_SECONDS
        granted = [scope for scope in Scope if form.flag(f"scope-{scope}")]
        project = _project(db, form)
        key, text = keys.create_key(
            db,
            parts.sealer,
            project.id,
            short_text(form, "name", keys.MAX_NAME) or "",
            granted,
            now(),
            expires_at,
        )
        record_audit(db, Action.API_KEY_CREATE, f"api-key/{key.id}", after={"scopes": key.scopes})
    return _keys_page(form) if form.errors else _shown("API key", text)


@route("/keys/api/<key_id>/rotate", Permission.SECRETS, methods=("POST",), fresh=True)
def rotate_api_key(key_id: str) -> Response:
    """Make a key like this one, which ends after the grace, and show it, once."""
    form, parts, text = sent_form(grace="24"), runtime(), ""
    with errors_at_fields(form), parts.database.transaction() as db:
        hours = whole_number(form, "grace", 0, 24 * 30, 24) or 0
        key, text = keys.rotate_key(db, parts.sealer, key_id, now(), hours * HOUR_SECONDS)
        after = {"successor": key.id, "graceHours": hours}
        record_audit(db, Action.API_KEY_ROTATE, f"api-key/{key_id}", after=after)
    return _keys_page(form) if form.errors else _shown("API key", text)


@route("/keys/api/<key_id>/revoke", Permission.SECRETS, methods=("POST",), fresh=True)
def revoke_api_key(key_id: str) -> Response:
    """End a key at once."""
    with runtime().database.transaction() as db:
        keys.revoke_key(db, key_id, now())
        record_audit(db, Action.API_KEY_REVOKE, f"api-key/{key_id}")
    return done("key-revoked", "console.keys_page")


@route("/keys/signing", Permission.SECRETS, methods=("POST",), fresh=True)
def create_signing_secret() -> Response:
    """Make a signing secret, which signs from now on, and show it, once."""
    form, parts, value = sent_form(), runtime(), ""
    with errors_at_fields(form), parts.database.transaction() as db:
        secret = projects.add_signing_secret(db, parts.sealer, _project(db, form).id, now())
        value = secret.value
        record_audit(db, Action.SIGNING_SECRET_CREATE, f"signing-secret/{secret.id}")
    return _keys_page(form) if form.errors else _shown("signing secret", value)


@route("/keys/signing/<secret_id>/retire", Permission.SECRETS, methods=("POST",), fresh=True)
def retire_signing_secret(secret_id: str) -> Response:
    """End a signing secret at once; the last live one stays."""
    return _retired(
        lambda db: projects.retire_signing_secret(db, secret_id, now()),
        Action.SIGNING_SECRET_RETIRE,
        f"signing-secret/{secret_id}",
        "secret-retired",
    )


@route("/keys/webhook/<verification_id>", Permission.SECRETS, methods=("POST",), fresh=True)
def create_webhook_secret(verification_id: str) -> Response:
    """Make a secret that signs events, and show it, once."""
    form, parts, value = sent_form(), runtime(), ""
    with errors_at_fields(form), parts.database.transaction() as db:
        _require_verification(db, verification_id)
        secret_id, value = webhook_secrets.add_secret(db, parts.sealer, verification_id, now())
        record_audit(db, Action.WEBHOOK_SECRET_CREATE, f"webhook-secret/{secret_id}")
    return _keys_page(form) if form.errors else _shown("webhook secret", value)


@route("/keys/webhook-secrets/<secret_id>/retire", Permission.SECRETS, methods=("POST",), fresh=True)
def retire_webhook_secret(secret_id: str) -> Response:
    """End a webhook secret at once; the last live one stays."""
    return _retired(
        lambda db: webhook_secrets.retire_secret(db, secret_id, now()),
        Action.WEBHOOK_SECRET_RETIRE,
        f"webhook-secret/{secret_id}",
        "webhook-secret-retired",
    )


def _retired(retire: Callable[[Session], Any], action: Action, subject: str, notice: str) -> Response:
    form = sent_form()
    with errors_at_fields(form), runtime().database.transaction() as db:
        retire(db)
        record_audit(db, action, subject)
    return _keys_page(form) if form.errors else done(notice, "console.keys_page")


def _require_verification(db: Session, verification_id: str) -> None:
    verification = db.get(Verification, verification_id)
    if verification is None or verification.deleted_at is not None:
        raise NotFoundError("no such verification")


def _project(db: Session, form: Form) -> Project:
    """Return the chosen project; where there is only one, nobody has to choose."""
    rows = db.scalars(select(Project).order_by(Project.name)).all()
    chosen = form.text("project") or (rows[0].id if len(rows) == 1 else "")
    for row in rows:
        if row.id == chosen:
            return row
    raise InputError("project", "choose one of the projects")


def _keys_page(form: Form) -> Response:
    with runtime().database.reading() as db:
        rows = db.scalars(select(Project).order_by(Project.name)).all()
        return render(
            "keys.html",
            form.status,
            form=form,
            projects=rows,
            project_options=[(row.id, row.name) for row in rows],
            api_keys={row.id: keys.list_keys(db, row.id) for row in rows},
            signing={row.id: projects.list_signing_secrets(db, row.id) for row in rows},
            receivers=[_receiver(db, row) for row in list_verifications(db)],
            scopes=[(scope, text) for scope, text in SCOPE_TEXTS.items()],
            state_of=_state,
            most=MAX_LIVE_SECRETS,
        )


def _receiver(db: Session, row: Verification) -> Receiver:
    url = load_current(db, row.id).configuration.webhook_config.event_callback_url
    return Receiver(row, url, webhook_secrets.list_secrets(db, row.id))


def _state(row: ApiKey | SigningSecretRow | WebhookSecret) -> str:
    if isinstance(row, ApiKey):
        if row.revoked_at is not None:
            return "revoked"
        return "expired" if row.expires_at is not None and row.expires_at <= now() else "live"
    return "live" if row.retired_at is None else "retired"


def _shown(kind: str, value: str) -> Response:
    return render("key_shown.html", kind=kind, value=value)
