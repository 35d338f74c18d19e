"""Which verifications use a collection."""

import json
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.models import Collection, Verification, VerificationSession, VerificationVersion
from app.vocabulary import SessionState


def verifications_using(session: Session, collection: Collection) -> list[str]:
    """Return the names of the verifications that use a collection, now or in an open session.

    A verification that names no collection uses the one that is named like its own id.
    """
    open_states = [state for state in SessionState if state.is_open]
    in_open_session = select(VerificationSession.version_id).where(VerificationSession.state.in_(open_states))
    current = VerificationVersion.number == Verification.current_version
    versions = session.execute(
        select(Verification.name, VerificationVersion.document)
        .join(VerificationVersion, VerificationVersion.verification_id == Verification.id)
        .where(
            Verification.project_id == collection.project_id,
            or_(current & Verification.deleted_at.is_(None), VerificationVersion.id.in_(in_open_session)),
        )
    )
    return sorted({name for name, document in versions if _uses(json.loads(document), collection.name)})


def _uses(document: dict[str, Any], name: str) -> bool:
    recognition = document["verifierConfigs"]["faceRecognition"]
    used = recognition["collectionId"] or document["id"]
    return recognition["type"] != "Disabled" and bool(used == name)
