"""Faces of one visit that are stored, in the transaction of the decision and under the collection's lock."""

from sqlalchemy.orm import Session

from app.decision.types import Decision, RecognitionMode
from app.faces import enrolment, keys, model_change
from app.models import Collection, VerificationSession
from app.runtime import Runtime
from app.sessions.recognition import Comparison
from app.verifications.configuration import Configuration
from app.vocabulary import Evidence, Outcome, Reason

DAY_SECONDS = 24 * 3600


def store(
    runtime: Runtime,
    db: Session,
    visit: VerificationSession,
    configuration: Configuration,
    comparison: Comparison,
    decision: Decision,
    now: float,
) -> None:
    """Enrol, or refine what is stored, as the decision says; set the session's face id."""
    if decision.reason is Reason.FACE_BLOCKED:
        _keep_next_of_blocked(runtime, db, comparison, now)
    template, collection = comparison.template, comparison.collection
    required = comparison.requirements.recognition
    if decision.outcome is not Outcome.PASSED or template is None or collection is None or required is None:
        return
    details = comparison.details
    if decision.enrol:
        keeps_for = configuration.retention_config.face_days
        purge_at = now + keeps_for * DAY_SECONDS if keeps_for is not None else None
        # A name never moves to another face: where it is taken, the new face is stored without one.
        name = None if details["known"] else visit.external_id
        visit.face_id = enrolment.enrol(db, runtime.sealer, collection, template, name, now, purge_at)
        _keep_next(runtime, db, collection, comparison, visit.face_id, now)
        return
    face_id = details["match_face_id"] or details["search_face_id"]
    if face_id is None:
        return
    visit.face_id = str(face_id)
    if required.mode is RecognitionMode.IDENTIFICATION:
        # Identification takes no external id, it answers with the stored one.
        names = keys.keys_of(db, visit.face_id)
        visit.external_id = names[0] if names else None
    threshold = required.match_threshold
    enrolment.refine(db, runtime.sealer, collection, visit.face_id, template, threshold, now)
    _keep_next(runtime, db, collection, comparison, visit.face_id, now)


def _keep_next(
    runtime: Runtime, db: Session, collection: Collection, comparison: Comparison, face_id: str, now: float
) -> None:
    """While the model is being changed, keep what the new one made of the very frames that matched."""
    if comparison.next_template is not None:
        model_change.keep_next(db, runtime.sealer, collection, face_id, comparison.next_template, now)


def _keep_next_of_blocked(runtime: Runtime, db: Session, comparison: Comparison, now: float) -> None:
    """Let the block list change its model too: blocked people are recognised, and never pass."""
    found = next(each for each in comparison.findings if each.evidence is Evidence.BLOCK_LIST)
    face_id, blocked = found.details.get("blocked_face_id"), comparison.blocked
    if face_id is not None and blocked is not None:
        _keep_next(runtime, db, blocked, comparison, str(face_id), now)
