"""Recognition of one visit: compare its fused face, and store what the policy says is to be stored.

Both run in the transaction of the decision, under the collection's lock.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.decision.types import Decision, RecognitionMode, RecognitionRequirement
from app.faces import collections, enrolment, recognition
from app.faces.calibration import thresholds
from app.faces.types import Template, TemplateKind
from app.models import Collection, Face, VerificationSession
from app.pipeline.fusion import fuse, recognition_embeddings
from app.pipeline.types import CaptureRecord, Finding
from app.runtime import Runtime
from app.verifications.configuration import Configuration
from app.verifications.store import PublishedConfiguration
from app.vocabulary import Evidence, Outcome

DAY_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing gave: the finding for the policy, and what storing needs."""

    finding: Finding
    requirement: RecognitionRequirement
    template: Template | None = None
    collection: Collection | None = None


def compare(
    runtime: Runtime,
    db: Session,
    visit: VerificationSession,
    published: PublishedConfiguration,
    required: RecognitionRequirement,
    record: CaptureRecord,
    now: float,
) -> Comparison:
    """Fuse the visit's embeddings and compare them as the mode needs.

    A visit without a usable embedding gives an unmeasurable finding, which never passes.
    """
    template = fused_template(record)
    if template is None:
        return Comparison(_nothing_to_compare(record), required)
    collection = collections.get_or_create(
        db, runtime.sealer, published.project_id, _collection_name(published), len(template.embedding), now
    )
    external_id = None if required.mode is RecognitionMode.IDENTIFICATION else visit.external_id
    finding = recognition.compare(
        db, runtime.index, runtime.sealer, collection, template, required.mode, external_id
    )
    requirement = thresholds(
        runtime.calibration,
        required.mode,
        published.configuration.verifier_configs.face_recognition.false_match_rate,
        (_stored_size(db, finding, template), template.effective_size),
        int(finding.details["collection_size"] or 0),
        required.review_uncertain,
        _size_of(db, finding.details["search_face_id"]),
    )
    return Comparison(finding, requirement, template, collection)


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
    template, collection = comparison.template, comparison.collection
    if decision.outcome is not Outcome.PASSED or template is None or collection is None:
        return
    details = comparison.finding.details
    if decision.enrol:
        keeps_for = configuration.retention_config.face_days
        purge_at = now + keeps_for * DAY_SECONDS if keeps_for is not None else None
        # A name never moves to another face: where it is taken, the new face is stored without one.
        name = None if details["known"] else visit.external_id
        visit.face_id = enrolment.enrol(db, runtime.sealer, collection, template, name, now, purge_at)
        return
    face_id = details["match_face_id"] or details["search_face_id"]
    if face_id is None:
        return
    visit.face_id = str(face_id)
    if comparison.requirement.mode is RecognitionMode.IDENTIFICATION:
        # Identification takes no external id, it answers with the stored one.
        names = recognition.external_ids_of(db, visit.face_id)
        visit.external_id = names[0] if names else None
    threshold = comparison.requirement.match_threshold
    enrolment.refine(db, runtime.sealer, collection, str(face_id), template, threshold, now)


def fused_template(record: CaptureRecord) -> Template | None:
    """Return the fused face of an attempt; None when no frame was good enough to embed."""
    embeddings = recognition_embeddings(record)
    if not embeddings:
        return None
    embedding, effective_size = fuse(embeddings)
    return Template(embedding, effective_size, TemplateKind(record.recognition_model, record.landmarker))


def _collection_name(published: PublishedConfiguration) -> str:
    """Two verifications see each other's faces only where both name the same collection."""
    configured = published.configuration.verifier_configs.face_recognition.collection_id
    return configured or published.configuration.id


def _stored_size(db: Session, finding: Finding, template: Template) -> float:
    return _size_of(db, finding.details["match_face_id"]) or template.effective_size


def _size_of(db: Session, face_id: object) -> float | None:
    face = db.get(Face, face_id) if face_id is not None else None
    return face.effective_size if face is not None else None


def _nothing_to_compare(record: CaptureRecord) -> Finding:
    return Finding(
        Evidence.FACE_COMPARISON,
        None,
        recognition.UNIT,
        f"{record.recognition_model} on {record.landmarker}",
        {"reason": "no frame was good enough to embed"},
    )
