"""Sessions in review, made without a camera: faces are vectors, and every likeness is uncertain."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from app.audit.actions import Actor
from app.decision.types import Decision, Requirements
from app.faces import blocking, collections
from app.faces.calibration import Calibration
from app.faces.enrolment import enrol
from app.faces.types import Template, TemplateKind
from app.models import FindingRow, VerificationSession
from app.runtime import Runtime
from app.sessions import conclusion, lifecycle, recognition, review
from app.sessions.review import Standing, Verdict
from app.verifications.overrides import Overrides
from app.verifications.requirements import requirements_of
from app.verifications.store import load_version
from app.vocabulary import Outcome, Reason, SessionState, VerifierName, VerifierResult
from tests.functional.visit import Visit
from tests.service import RelyingSite, new_browser

DIMENSIONS = 128
MEMBERS = "members"
ANNA, BERT, CARL = (Actor(f"{name}@shop.example", "reviewer") for name in ("anna", "bert", "carl"))


def uncertain(calibration: Calibration) -> Calibration:
    """The same calibration, strict beyond one false match in a hundred as nobody can be."""
    tables = [
        table.model_copy(
            update={
                "points": tuple(
                    point.model_copy(update={"threshold": 0.5 if point.fmr >= 1e-2 else 0.99999})
                    for point in table.points
                )
            }
        )
        for table in calibration.tables
    ]
    return calibration.model_copy(update={"tables": tuple(tables)})


def face(person: int, likeness: float = 1.0) -> np.ndarray:
    """A person's face, or one that is so much alike."""
    one, other = np.eye(DIMENSIONS, dtype=np.float32)[[person, DIMENSIONS - 1 - person]]
    return (likeness * one + np.sqrt(1.0 - likeness**2) * other).astype(np.float32)


@dataclass
class ReviewScene:
    """A shop whose doors send whoever looks a little like a member to an operator."""

    site: RelyingSite
    mode: str = "DuplicateVerification"
    review_config: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.runtime = replace(self.site.runtime, calibration=uncertain(self.site.runtime.calibration))
        recognition_config = {
            "type": self.mode,
            "collectionId": MEMBERS,
            "falseMatchRate": 1e-2,
            "onUncertain": "Review",
        }
        self.verification = self.site.publish(
            **(
                {
                    "verifierConfigs": {"faceRecognition": recognition_config},
                    "reviewConfig": self.review_config,
                }
                | self.changes
            )
        )

    def template(self, vector: np.ndarray) -> Template:
        engine = self.runtime.engine
        return Template(vector, 3.0, TemplateKind(engine.recognition_model, engine.landmarker_name))

    def enrol(self, vector: np.ndarray, external_id: str | None = None) -> str:
        now = self.runtime.clock()
        with self.runtime.database.transaction() as db:
            members = collections.get_or_create(
                db, self.runtime.sealer, self.site.project_id, MEMBERS, DIMENSIONS, now
            )
            return enrol(db, self.runtime.sealer, members, self.template(vector), external_id, now, None)

    def block(self, vector: np.ndarray) -> str:
        with self.runtime.database.transaction() as db:
            return blocking.block_template(
                db, self.runtime.sealer, self.site.project_id, self.template(vector), "", self.runtime.clock()
            )

    def visit(self, vector: np.ndarray, external_id: str | None = None) -> Visit:
        """Let somebody come whose likeness is uncertain; returns their browser on the page."""
        visit = Visit.open(
            new_browser(self.runtime),
            self.runtime.clock,  # type: ignore[arg-type]
            self.site.link(self.verification, external_id=external_id),
        )
        self.send_to_review(visit.session_id, self.template(vector))
        return visit

    def send_to_review(self, session_id: str, template: Template) -> None:
        parts, now = self.runtime, self.runtime.clock()
        with parts.database.transaction() as db:
            visit = db.get_one(VerificationSession, session_id)
            published = load_version(db, visit.version_id)
            lifecycle.advance(db, visit, SessionState.CAPTURING, actor="person", now=now)
            lifecycle.advance(db, visit, SessionState.PROCESSING, actor="person", now=now)
            wanted = requirements_of(published.configuration, Overrides.from_json(visit.overrides))
            comparison = recognition.compare_template(parts, db, visit, published, wanted, template, now)
            for finding in comparison.findings:
                db.add(
                    FindingRow(
                        session_id=visit.id, attempt=visit.attempt_number, evidence=finding.evidence,
                        score=finding.score, unit=finding.unit, method=finding.method,
                        details=dict(finding.details),
                    )
                )  # fmt: skip
            lines = {
                VerifierName.LIVENESS: VerifierResult.PASSED,
                VerifierName.FACE_RECOGNITION: VerifierResult.NOT_EXECUTED,
            }
            decision = Decision(
                Outcome.REVIEW, Reason.REVIEW_PENDING, lines, notes=_notes(comparison.requirements)
            )
            review.open_case(parts, db, visit, published, comparison, decision, now)
            conclusion.conclude_decided(db, visit, published.configuration, decision, now)

    def answer(
        self,
        visit: Visit,
        verdict: Verdict = Verdict.PASSED,
        actor: Actor = ANNA,
        reason: str = "looked at it",
    ) -> Standing:
        parts = self.runtime
        return review.answer(parts, visit.session_id, actor, verdict, reason, parts.clock())


def _notes(requirements: Requirements) -> dict[str, float]:
    """The thresholds, as the policy notes them."""
    recognised, blocked = requirements.recognition, requirements.block_list
    notes = {"enrol_on_approval": 1.0}
    if recognised is not None:
        notes |= {
            "review_threshold": recognised.review_threshold,
            "search_threshold": recognised.search_threshold,
        }
    if blocked is not None:
        notes |= {
            "block_review_threshold": blocked.review_threshold,
            "block_threshold": blocked.block_threshold,
        }
    return notes


def session_of(runtime: Runtime, visit: Visit) -> VerificationSession:
    with runtime.database.reading() as db:
        return db.get_one(VerificationSession, visit.session_id)
