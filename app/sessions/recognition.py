"""Recognition of one visit: fuse its faces and compare them, in the transaction of the decision.

The collection stays locked until that ends; `app.sessions.storing` then stores what is to be stored.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app.decision.types import (
    BlockListRequirement,
    RecognitionMode,
    RecognitionRequirement,
    Requirements,
)
from app.faces import blocking, collections, recognition
from app.faces.calibration import thresholds
from app.faces.types import Template, TemplateKind
from app.models import Collection, Face, VerificationSession
from app.pipeline.fusion import fuse, next_embeddings, recognition_embeddings, recognition_faces, variety
from app.pipeline.types import CaptureRecord, Finding
from app.runtime import Runtime
from app.verifications.store import PublishedConfiguration
from app.vocabulary import Evidence

# What the block list demands before it was searched: nobody is unlike enough.
EVERYBODY_BLOCKED = BlockListRequirement(-math.inf, -math.inf, review_uncertain=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing gave: findings and thresholds for the policy, and what storing needs."""

    findings: tuple[Finding, ...]
    requirements: Requirements
    template: Template | None = None
    collection: Collection | None = None
    next_template: Template | None = None
    """The same visit as the succeeding model sees it; only while the model is being changed."""
    blocked: Collection | None = None
    """The project's block list, if there is one."""

    @property
    def details(self) -> Mapping[str, float | int | str | bool | None]:
        """Numbers of the comparison that the mode asked for; empty when it asked for none."""
        found = (each for each in self.findings if each.evidence is Evidence.FACE_COMPARISON)
        return next((each.details for each in found), {})


def compare(
    runtime: Runtime,
    db: Session,
    visit: VerificationSession,
    published: PublishedConfiguration,
    requirements: Requirements,
    record: CaptureRecord,
    now: float,
) -> Comparison:
    """Fuse the visit's embeddings, search the block list and compare as the mode needs.

    The block list is searched at every visit of a project that has one: every capture embeds faces, for
    continuity, whether or not recognition is asked for. A visit without a usable embedding gives
    unmeasurable findings, which never pass.
    """
    blocked = blocking.block_list(db, published.project_id)
    if blocked is None and requirements.recognition is None:
        return Comparison((), requirements)
    template = fused_template(record)
    if template is None:
        return _nothing_to_compare(record, requirements, blocked)
    found = compare_template(runtime, db, visit, published, requirements, template, now)
    findings = tuple(_with_variety(finding, record) for finding in found.findings)
    return replace(found, findings=findings, next_template=_next_template(record))


def compare_template(
    runtime: Runtime,
    db: Session,
    visit: VerificationSession,
    published: PublishedConfiguration,
    requirements: Requirements,
    template: Template,
    now: float,
) -> Comparison:
    """Do the same with a face that was fused before: when an operator approves, all is compared again."""
    blocked = blocking.block_list(db, published.project_id)
    found = Comparison((), requirements, template, blocked=blocked)
    if blocked is not None:
        found = _look_up(runtime, db, published, blocked, found, template)
    if requirements.recognition is not None:
        found = _compare(runtime, db, visit, published, requirements.recognition, found, template, now)
    return found


def _look_up(
    runtime: Runtime,
    db: Session,
    published: PublishedConfiguration,
    blocked: Collection,
    before: Comparison,
    template: Template,
) -> Comparison:
    finding = blocking.look_up(db, runtime.index, runtime.sealer, blocked, template)
    configured = published.configuration.verifier_configs.face_recognition
    requirement = blocking.requirement_for(
        runtime.calibration,
        finding,
        template.effective_size,
        configured.false_match_rate,
        configured.on_uncertain == "Review",
    )
    return replace(
        before,
        findings=(*before.findings, finding),
        requirements=replace(before.requirements, block_list=requirement),
    )


def _compare(
    runtime: Runtime,
    db: Session,
    visit: VerificationSession,
    published: PublishedConfiguration,
    required: RecognitionRequirement,
    before: Comparison,
    template: Template,
    now: float,
) -> Comparison:
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
    finding = replace(finding, details={**finding.details, "effective_size": template.effective_size})
    return replace(
        before,
        findings=(*before.findings, finding),
        requirements=replace(before.requirements, recognition=requirement),
        collection=collection,
    )


def fused_template(record: CaptureRecord) -> Template | None:
    """Return the fused face of an attempt; None when no frame was good enough to embed."""
    embeddings = recognition_embeddings(record)
    if not embeddings:
        return None
    embedding, effective_size = fuse(embeddings)
    return Template(embedding, effective_size, TemplateKind(record.recognition_model, record.landmarker))


def _with_variety(finding: Finding, record: CaptureRecord) -> Finding:
    """Add how much the fused frames differ, for the operator."""
    if finding.evidence is not Evidence.FACE_COMPARISON:
        return finding
    return replace(finding, details={**finding.details, **variety(recognition_faces(record))})


def _next_template(record: CaptureRecord) -> Template | None:
    embeddings = next_embeddings(record)
    if not embeddings or record.next_recognition_model is None or record.next_landmarker is None:
        return None
    return Template(*fuse(embeddings), TemplateKind(record.next_recognition_model, record.next_landmarker))


def _collection_name(published: PublishedConfiguration) -> str:
    """Two verifications see each other's faces only where both name the same collection."""
    configured = published.configuration.verifier_configs.face_recognition.collection_id
    return configured or published.configuration.id


def _stored_size(db: Session, finding: Finding, template: Template) -> float:
    return _size_of(db, finding.details["match_face_id"]) or template.effective_size


def _size_of(db: Session, face_id: object) -> float | None:
    face = db.get(Face, face_id) if face_id is not None else None
    return face.effective_size if face is not None else None


def _nothing_to_compare(
    record: CaptureRecord, requirements: Requirements, blocked: Collection | None
) -> Comparison:
    findings = []
    if blocked is not None:
        findings.append(_unmeasured(record, Evidence.BLOCK_LIST))
        requirements = replace(requirements, block_list=EVERYBODY_BLOCKED)
    if requirements.recognition is not None:
        findings.append(_unmeasured(record, Evidence.FACE_COMPARISON))
    return Comparison(tuple(findings), requirements)


def _unmeasured(record: CaptureRecord, evidence: Evidence) -> Finding:
    return Finding(
        evidence,
        None,
        recognition.UNIT,
        f"{record.recognition_model} on {record.landmarker}",
        {"reason": "no frame was good enough to embed"},
    )
