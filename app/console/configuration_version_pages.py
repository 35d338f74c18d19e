"""Versions of a configuration: what each changed, and the way back to any of them."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.audit.actions import Action
from app.audit.changes import changed
from app.console.auditing import record_audit
from app.console.configurations.differences import Difference, complete, differences
from app.console.configurations.drafts import load_edited, load_numbered
from app.console.notices import add_notices, done
from app.console.pages import render
from app.console.parts import now, runtime
from app.console.roles import Permission
from app.console.routing import route
from app.models import VerificationVersion
from app.verifications.restoring import restore

add_notices({"restored": "That version is published again, byte for byte. A draft stays as it is."})


@route("/configurations/<verification_id>/versions", Permission.READ)
def configuration_versions(verification_id: str) -> Response:
    """List all versions with what each changed, newest first."""
    with runtime().database.reading() as db:
        edited = load_edited(db, verification_id)
        rows = _versions(db, verification_id)
    return render("configuration_versions.html", edited=edited, versions=list(_with_changes(rows)))


@route("/configurations/<verification_id>/versions/<int:number>", Permission.READ)
def configuration_version(verification_id: str, number: int) -> Response:
    """Show one version whole, and how it differs from the published one."""
    with runtime().database.reading() as db:
        edited = load_edited(db, verification_id)
        version = load_numbered(db, verification_id, number)
        current = load_numbered(db, verification_id, edited.current_version)
    changes = differences(complete(current.document), complete(version.document))
    return render("configuration_version.html", edited=edited, version=version, changes=changes)


@route(
    "/configurations/<verification_id>/versions/<int:number>/restore", Permission.CONFIGURE, methods=("POST",)
)
def restore_configuration(verification_id: str, number: int) -> Response:
    """Publish an old version again."""
    with runtime().database.transaction() as db:
        edited = load_edited(db, verification_id)
        before = load_numbered(db, verification_id, edited.current_version).document
        published = restore(db, verification_id, number, now())
        after = load_numbered(db, verification_id, published.number).document
        was, is_now = changed(complete(before), complete(after))
        versions = {"version": published.number, "restored": number}
        subject = f"verification/{verification_id}"
        record_audit(db, Action.CONFIGURATION_ROLL_BACK, subject, before=was, after=is_now | versions)
    return done("restored", "console.configuration_versions", verification_id=verification_id)


def _versions(db: Session, verification_id: str) -> list[VerificationVersion]:
    query = select(VerificationVersion).where(VerificationVersion.verification_id == verification_id)
    return list(db.scalars(query.order_by(VerificationVersion.number.desc())))


def _with_changes(rows: list[VerificationVersion]) -> list[tuple[VerificationVersion, list[Difference]]]:
    """Pair each version with what it changed; the first changed nothing."""
    documents: list[dict[str, Any]] = [complete(row.document) for row in rows]
    pairs = zip(documents, [*documents[1:], documents[-1]], strict=True) if documents else ()
    return [(row, differences(older, newer)) for row, (newer, older) in zip(rows, pairs, strict=True)]
