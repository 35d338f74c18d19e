"""All there is to say of one session: moves, numbers, thresholds, consent, deliveries. No image exists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.console.visits.words import COMPARISON_THRESHOLDS, EVIDENCE_TEXTS
from app.decision.policy import Limit, Policy
from app.models import (
    ConsentRecord,
    FindingRow,
    Redaction,
    SessionTransition,
    VerificationSession,
    WebhookAttempt,
    WebhookDelivery,
)
from app.verifications.store import PublishedConfiguration, load_version
from app.vocabulary import Evidence
from app.webhooks.deliveries import attempts_of, list_deliveries


@dataclass(frozen=True, slots=True)
class Threshold:
    """One line that a number was held to, as it was when it decided."""

    name: str
    measure: str
    """`score`, or the name of a detail."""
    value: float
    at_least: bool | None
    """None: what the number means depends on the mode of recognition."""
    measured: float | None
    provenance: str

    @property
    def is_met(self) -> bool | None:
        """Tell whether the number was on the right side; None when there is no side or no number."""
        if self.measured is None or self.at_least is None:
            return None
        return self.measured >= self.value if self.at_least else self.measured <= self.value


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """One measured fact with what it was held to."""

    title: str
    sentence: str
    evidence: str
    score: float | None
    unit: str
    method: str
    thresholds: tuple[Threshold, ...]
    details: Mapping[str, Any]

    @property
    def is_share(self) -> bool:
        """True when the score can be drawn on a line from 0 to 1."""
        return self.score is not None and 0.0 <= self.score <= 1.0 and self.evidence not in {"age", "gender"}


@dataclass(frozen=True, slots=True)
class Moment:
    """One point of the timeline."""

    at: float
    what: str
    """`moved`, `consent` or `redacted`."""
    transition: SessionTransition | None = None
    consent: ConsentRecord | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook with every try."""

    row: WebhookDelivery
    attempts: Sequence[WebhookAttempt]


@dataclass(frozen=True, slots=True)
class SessionAccount:
    """One session, whole."""

    visit: VerificationSession
    published: PublishedConfiguration
    timeline: tuple[Moment, ...]
    attempts: tuple[tuple[int, tuple[ShownFinding, ...]], ...]
    """Number of the attempt → its findings."""
    deliveries: tuple[Delivery, ...]
    redacted_at: float | None


def account_of(db: Session, policy: Policy, visit: VerificationSession) -> SessionAccount:
    """Gather what is kept of a session."""
    redaction = db.get(Redaction, visit.id)
    findings = db.scalars(
        select(FindingRow)
        .where(FindingRow.session_id == visit.id)
        .order_by(FindingRow.attempt, FindingRow.id)
    )
    by_attempt = groupby(findings, key=lambda row: row.attempt)
    deliveries = list_deliveries(db, session_id=visit.id)
    return SessionAccount(
        visit=visit,
        published=load_version(db, visit.version_id),
        timeline=tuple(sorted(_moments(db, visit, redaction), key=lambda moment: moment.at)),
        attempts=tuple(
            (number, tuple(_shown(policy, visit, row) for row in rows)) for number, rows in by_attempt
        ),
        deliveries=tuple(Delivery(row, attempts_of(db, row.id)) for row in deliveries),
        redacted_at=redaction.at if redaction else None,
    )


def _moments(db: Session, visit: VerificationSession, redaction: Redaction | None) -> list[Moment]:
    moves = db.scalars(
        select(SessionTransition).filter_by(session_id=visit.id).order_by(SessionTransition.id)
    )
    given = db.scalars(select(ConsentRecord).filter_by(session_id=visit.id).order_by(ConsentRecord.id))
    moments = [Moment(row.at, "moved", transition=row) for row in moves]
    moments += [Moment(row.at, "consent", consent=row) for row in given]
    return moments + ([Moment(redaction.at, "redacted")] if redaction else [])


def _shown(policy: Policy, visit: VerificationSession, row: FindingRow) -> ShownFinding:
    evidence = Evidence(row.evidence)
    title, sentence = EVIDENCE_TEXTS[evidence]
    decided = row.attempt == visit.attempt_number
    return ShownFinding(
        title,
        sentence,
        row.evidence,
        row.score,
        row.unit,
        row.method,
        (*_limits(policy, visit, row), *_comparison_limits(visit, row, evidence)) if decided else (),
        row.details,
    )


def _limits(policy: Policy, visit: VerificationSession, row: FindingRow) -> list[Threshold]:
    """Return the policy's limits that this decision used; their values are those of its notes."""
    return [
        Threshold(
            limit.name,
            limit.measure,
            float(visit.decision_notes[limit.name]),
            limit.at_least,
            _measured(limit, row),
            limit.provenance.error_rate,
        )
        for limit in policy.limits
        if limit.evidence == row.evidence and limit.name in visit.decision_notes
    ]


def _comparison_limits(visit: VerificationSession, row: FindingRow, evidence: Evidence) -> list[Threshold]:
    notes = visit.decision_notes
    return [
        Threshold(text, "score", float(notes[name]), None, row.score, "the calibrated false match rate")
        for name, text in COMPARISON_THRESHOLDS.get(evidence, ())
        if isinstance(notes.get(name), int | float)
    ]


def _measured(limit: Limit, row: FindingRow) -> float | None:
    value = row.score if limit.measure == "score" else row.details.get(limit.measure)
    return float(value) if isinstance(value, int | float) else None
