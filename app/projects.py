"""Projects and their signing secrets: shown once, stored sealed, at most two live."""

import secrets as random_source
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.db import hold
from app.errors import InputError, NotFoundError
from app.models import Project, SigningSecretRow
from app.plain import PlainStatement
from app.sealing import Purpose, Sealer
from app.signing.keyring import MAX_LIVE_SECRETS, Keyring, SigningSecret, generate_secret

DEFAULT_PROJECT = "default"
# Whoever retires a secret wants to know whether it is in use, not at which second.
USE_NOTED_EVERY_S = 60.0

_LIVE = PlainStatement(
    select(
        SigningSecretRow.id,
        SigningSecretRow.sealed_value,
        SigningSecretRow.created_at,
        SigningSecretRow.last_used_at,
    ).where(SigningSecretRow.project_id == bindparam("project"), SigningSecretRow.retired_at.is_(None))
)


def get_or_create_project(db: Session, sealer: Sealer, name: str, now: float) -> Project:
    """Return the project of that name; a new one gets its first signing secret at once."""
    hold(db, f"project/{name}")  # two first uses of a name at once make one project
    project = db.scalar(select(Project).where(Project.name == name))
    if project is None:
        project = Project(id=str(uuid4()), name=name, created_at=now)
        db.add(project)
        db.flush()
        add_signing_secret(db, sealer, project.id, now)
    return project


def add_signing_secret(
    db: Session, sealer: Sealer, project_id: str, now: float, value: str | None = None
) -> SigningSecret:
    """Add a secret, which signs from now on; `InputError` when two are live already."""
    _hold_secrets(db, project_id)
    if len(_live_rows(db, project_id)) >= MAX_LIVE_SECRETS:
        raise InputError("signingSecrets", f"{MAX_LIVE_SECRETS} are live; retire the older one first")
    secret_id = random_source.token_hex(8)
    value = value or generate_secret(random_source.token_bytes)
    secret = SigningSecret(secret_id, value, datetime.fromtimestamp(now, UTC))
    db.add(
        SigningSecretRow(
            id=secret_id,
            project_id=project_id,
            sealed_value=sealer.seal(Purpose.SIGNING_SECRET, secret_id, value.encode()),
            created_at=now,
        )
    )
    db.flush()
    return secret


def retire_signing_secret(db: Session, secret_id: str, now: float) -> None:
    """End one secret at once; the last live one of a project stays."""
    row = db.get(SigningSecretRow, secret_id)
    if row is not None:
        _hold_secrets(db, row.project_id)
        db.refresh(row)
    if row is None or row.retired_at is not None:
        raise NotFoundError(f"no live signing secret {secret_id}")
    if len(_live_rows(db, row.project_id)) < MAX_LIVE_SECRETS:
        raise InputError("signingSecrets", "this is the only live one; add another first")
    row.retired_at = now


def list_signing_secrets(db: Session, project_id: str) -> list[SigningSecretRow]:
    """Return all secrets of a project, newest first, values still sealed."""
    rows = db.scalars(select(SigningSecretRow).where(SigningSecretRow.project_id == project_id))
    return sorted(rows, key=lambda row: row.created_at, reverse=True)


def load_keyring(db: Session, sealer: Sealer, project_id: str) -> Keyring:
    """Open the live secrets of a project."""
    return Keyring(tuple(_open(sealer, *row) for row in _LIVE.rows(db, {"project": project_id})))


def record_use(db: Session, secret_id: str, now: float) -> None:
    """Remember when a secret last verified a link, so that nobody retires one that is in use."""
    db.execute(update(SigningSecretRow).where(SigningSecretRow.id == secret_id).values(last_used_at=now))


def use_is_due(keyring: Keyring, secret_id: str, now: float) -> bool:
    """Tell whether the use of this secret is worth noting again."""
    noted = {secret.id: secret.last_used_at for secret in keyring.secrets}[secret_id]
    return noted is None or now - noted >= USE_NOTED_EVERY_S


def _hold_secrets(db: Session, project_id: str) -> None:
    """Let nobody else add or retire: both count the live ones first."""
    hold(db, f"signing-secrets/{project_id}")


def _live_rows(db: Session, project_id: str) -> list[SigningSecretRow]:
    query = select(SigningSecretRow).where(
        SigningSecretRow.project_id == project_id, SigningSecretRow.retired_at.is_(None)
    )
    return list(db.scalars(query))


def _open(
    sealer: Sealer, secret_id: str, sealed: bytes, created_at: float, last_used_at: float | None
) -> SigningSecret:
    value = sealer.open(Purpose.SIGNING_SECRET, secret_id, sealed).decode()
    return SigningSecret(secret_id, value, datetime.fromtimestamp(created_at, UTC), last_used_at)
