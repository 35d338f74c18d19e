"""Sessions that an operator decides: opened by the policy, closed by one operator, or by two who agree.

What was uncertain is how alike two faces are. An operator may say that they are not one person's (or, for
an identification, that they are); nothing else that was measured can be overruled.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.actions import Action, Actor
from app.audit.log import record
from app.decision.recognition import RULES_OF_MODE, RecognitionAnswer, judge_faces
from app.decision.types import Decision, RecognitionMode
from app.errors import InputError, StateConflictError
from app.faces import blocking
from app.faces.erasure import erase_traces
from app.models import FindingRow, ReviewCase, ReviewVote, VerificationSession
from app.pipeline.types import Finding
from app.runtime import Runtime
from app.sessions import conclusion, recognition, storing
from app.sessions.clock import enforce_clock
from app.sessions.recognition import Comparison
from app.sessions.resting import lay_to_rest, take_up
from app.sessions.steps import load
from app.verifications.configuration import Configuration
from app.verifications.overrides import Overrides
from app.verifications.requirements import requirements_of
from app.verifications.store import PublishedConfiguration, load_version
from app.vocabulary import Evidence, Outcome, Reason, SessionState

MAX_REASON = 2000
HOUR_SECONDS = 3600


class Verdict(StrEnum):
    """What an operator says."""

    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a review stands after an operator's answer."""

    state: SessionState
    """`review` while a second operator has to agree."""
    votes: int


def open_case(
    runtime: Runtime,
    db: Session,
    visit: VerificationSession,
    published: PublishedConfiguration,
    comparison: Comparison,
    decision: Decision,
    now: float,
) -> None:
    """Keep what an approval will need, in the transaction of the decision; sets the review's deadline."""
    case = ReviewCase(
        session_id=visit.id,
        opened_at=now,
        refusal=_refusal(comparison),
        enrol=bool(decision.notes.get("enrol_on_approval")),
    )
    collection = comparison.collection or blocking.block_list(db, published.project_id)
    if comparison.template is not None and collection is not None:
        lay_to_rest(runtime.sealer, case, collection, comparison.template)
    db.add(case)
    visit.expires_at = now + published.configuration.review_config.deadline_hours * HOUR_SECONDS


def answer(
    runtime: Runtime, session_id: str, actor: Actor, verdict: Verdict, reason: str, now: float
) -> Standing:
    """Record an operator's answer, and conclude the session when nobody else has to agree.

    Answer, enrolment, state, event and audit entry are one transaction: of several operators, or an operator
    and the clock, exactly one moves the session. Raises `StateConflictError` when somebody was first, when
    this operator has answered, or when what has happened meanwhile forbids an approval.
    """
    reason = _checked_reason(reason)
    enforce_clock(runtime, session_id, now)
    with runtime.database.transaction() as db:
        visit, configuration = load(db, session_id)
        if visit.state != SessionState.REVIEW:
            raise StateConflictError(f"this session is {visit.state}: it waits for nobody")
        _add_vote(db, visit, actor, verdict, reason, now)
        votes = sum(vote.verdict == verdict for vote in votes_of(db, session_id))
        if votes >= _needed(configuration):
            _conclude(runtime, db, visit, configuration, verdict, now)
        _note(db, visit, actor, verdict, reason, now)
        standing = Standing(SessionState(visit.state), votes)
    if not standing.state.is_open:
        erase_traces(runtime.database)
    return standing


def votes_of(db: Session, session_id: str) -> list[ReviewVote]:
    """Return what operators have said so far, the first first."""
    return list(db.scalars(select(ReviewVote).filter_by(session_id=session_id).order_by(ReviewVote.id)))


def _refusal(comparison: Comparison) -> Reason:
    """Return the reason of a refusal: what the uncertain likeness would have been, had it been certain."""
    answers = [_judged(comparison, block_list=True), _judged(comparison, block_list=False)]
    if answers[0].reason is Reason.REVIEW_PENDING:
        return Reason.FACE_BLOCKED
    required = comparison.requirements.recognition
    rules = RULES_OF_MODE[required.mode] if required is not None else None
    return (rules and (rules.hit or rules.no_hit)) or Reason.FACE_BLOCKED


def _judged(comparison: Comparison, *, block_list: bool) -> RecognitionAnswer:
    requirements = comparison.requirements
    if block_list:
        return judge_faces(_found(comparison, Evidence.BLOCK_LIST), requirements.block_list, None, None)
    finding = _found(comparison, Evidence.FACE_COMPARISON)
    return judge_faces(None, None, finding, requirements.recognition)


def _found(comparison: Comparison, evidence: Evidence) -> Finding | None:
    return next((each for each in comparison.findings if each.evidence is evidence), None)


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not 1 <= len(reason) <= MAX_REASON or "\x00" in reason:
        raise InputError("reason", f"must be given, in at most {MAX_REASON} characters")
    return reason


def _add_vote(
    db: Session, visit: VerificationSession, actor: Actor, verdict: Verdict, reason: str, now: float
) -> None:
    if any(vote.operator == actor.name for vote in votes_of(db, visit.id)):
        raise StateConflictError("you have answered; a second operator has to agree")
    db.add(ReviewVote(session_id=visit.id, operator=actor.name, verdict=verdict.value, reason=reason, at=now))
    db.flush()


def _needed(configuration: Configuration) -> int:
    return 2 if configuration.review_config.second_opinion else 1


def _conclude(
    runtime: Runtime,
    db: Session,
    visit: VerificationSession,
    configuration: Configuration,
    verdict: Verdict,
    now: float,
) -> None:
    case = db.get(ReviewCase, visit.id)
    refusal = None
    if verdict is Verdict.PASSED:
        _approve(runtime, db, visit, configuration, case, now)
    else:
        refusal = Reason(case.refusal) if case is not None else Reason.INTERNAL_ERROR
    conclusion.conclude_review(db, visit, configuration, refusal, now)


def _approve(
    runtime: Runtime,
    db: Session,
    visit: VerificationSession,
    configuration: Configuration,
    case: ReviewCase | None,
    now: float,
) -> None:
    """Compare again, under the collection's lock, and store: much may have happened since the visit."""
    template = take_up(db, runtime.sealer, case)
    published = load_version(db, visit.version_id)
    requirements = requirements_of(configuration, Overrides.from_json(visit.overrides))
    comparison = recognition.compare_template(runtime, db, visit, published, requirements, template, now)
    judged = [_judged(comparison, block_list=each) for each in _asked(comparison)]
    for each in judged:
        if each.reason not in (None, Reason.REVIEW_PENDING):
            raise StateConflictError(f"meanwhile this would fail ({each.reason}): it cannot be approved")
    _require_same_faces(db, visit, comparison)
    decision = Decision(Outcome.PASSED, None, {}, enrol=any(each.enrol for each in judged))
    storing.store(runtime, db, visit, configuration, comparison, decision, now)


def _asked(comparison: Comparison) -> list[bool]:
    requirements = comparison.requirements
    return [True] * (requirements.block_list is not None) + [False] * (requirements.recognition is not None)


# What an operator has judged is the likeness to these very faces.
_LIKENESS = {Evidence.FACE_COMPARISON: "search_face_id", Evidence.BLOCK_LIST: "blocked_face_id"}


def _require_same_faces(db: Session, visit: VerificationSession, comparison: Comparison) -> None:
    """Refuse an approval when the face that is most alike is not the one that the operator judged."""
    rows = db.scalars(select(FindingRow).filter_by(session_id=visit.id, attempt=visit.attempt_number))
    judged = {row.evidence: row.details for row in rows}
    for finding in comparison.findings:
        name = _LIKENESS[finding.evidence]
        now_nearest = finding.details.get(name)
        uncertain = _judged(comparison, block_list=finding.evidence is Evidence.BLOCK_LIST)
        is_other = now_nearest != judged.get(finding.evidence, {}).get(name)
        if is_other and (uncertain.reason is Reason.REVIEW_PENDING or _is_identification(comparison)):
            raise StateConflictError("meanwhile another face is more alike: it cannot be approved")


def _is_identification(comparison: Comparison) -> bool:
    required = comparison.requirements.recognition
    return required is not None and required.mode is RecognitionMode.IDENTIFICATION


def _note(
    db: Session, visit: VerificationSession, actor: Actor, verdict: Verdict, reason: str, now: float
) -> None:
    """Say in the audit log who decided; the written reason may speak of a person, so it is only hashed."""
    decided = visit.state != SessionState.REVIEW
    digest = hashlib.sha256(reason.encode()).hexdigest()
    after = {"verdict": verdict.value, "reasonSha256": digest, "state": visit.state}
    action = Action.REVIEW_DECIDE if decided else Action.REVIEW_VOTE
    record(db, actor, action, f"session/{visit.id}", {"state": SessionState.REVIEW.value}, after, now)
