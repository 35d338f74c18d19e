"""Adds concluded sessions to the counts: each exactly once, in the transaction that marks it as counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import Database, hold
from app.metrics.scales import DURATION, SCALE_OF_EVIDENCE
from app.models import FindingRow, MetricRollup, SessionTransition, VerificationSession
from app.vocabulary import Evidence, SessionState

HOUR_SECONDS, DAY_SECONDS = 3600, 24 * 3600
ALL_TIME = 0
# In place of a verification: the sum of all of them, so that it takes as long to read as one.
ALL_VERIFICATIONS = "*"
SPANS = (HOUR_SECONDS, DAY_SECONDS, ALL_TIME)
# Hours are shown for a few days; afterwards days say enough.
HOURS_KEPT_SECONDS = 14 * DAY_SECONDS
AT_ONCE = 500
_OVER = [state for state in SessionState if not state.is_open]
DECIDED = frozenset({SessionState.PASSED, SessionState.FAILED})


def count_concluded(database: Database, now: float) -> int:
    """Count every session that is over and was not counted yet; returns how many. For the worker."""
    total = 0
    while counted := _count_some(database, now):
        total += counted
    return total


def forget_old_hours(db: Session, now: float) -> None:
    """Delete the counts of hours that nobody looks at any more; those of days stay."""
    old = MetricRollup.start < now - HOURS_KEPT_SECONDS
    db.query(MetricRollup).where(MetricRollup.seconds == HOUR_SECONDS, old).delete()


def _count_some(database: Database, now: float) -> int:
    with database.transaction() as db:
        hold(db, "metrics")
        visits = _uncounted(db)
        if visits:
            _sum_up_what_was_counted_before(db)
            for key, counts in _sums(visits, _findings(db, visits), _processed(db, visits)).items():
                _add(db, key, counts)
            ids = [visit.id for visit in visits]
            db.execute(
                update(VerificationSession)
                .where(VerificationSession.id.in_(ids))
                .values(counted_at=now)
                .execution_options(synchronize_session=False)
            )
        return len(visits)


def _uncounted(db: Session) -> Sequence[VerificationSession]:
    query = select(VerificationSession).where(
        VerificationSession.counted_at.is_(None),
        VerificationSession.concluded_at.is_not(None),
        VerificationSession.state.in_(_OVER),
    )
    return db.scalars(query.order_by(VerificationSession.concluded_at).limit(AT_ONCE)).all()


_Key = tuple[int, int, str]
"""Length of the span, its beginning, verification."""


def _sums(
    visits: Iterable[VerificationSession],
    findings: Mapping[str, list[tuple[str, float]]],
    processed: set[str],
) -> dict[_Key, Counter[str]]:
    sums: dict[_Key, Counter[str]] = defaultdict(Counter)
    for visit in visits:
        names = list(_names(visit, findings.get(visit.id, []), visit.id in processed))
        for seconds in SPANS:
            start = int(visit.created_at // seconds * seconds) if seconds else 0
            for verification_id in (visit.verification_id, ALL_VERIFICATIONS):
                sums[(seconds, start, verification_id)].update(names)
    return sums


def _names(visit: VerificationSession, findings: list[tuple[str, float]], processed: bool) -> Iterator[str]:
    """Yield everything that one session adds one to."""
    state = SessionState(visit.state)
    yield f"state:{state}"
    if visit.reason is not None:
        yield f"reason:{visit.reason}"
    yield from (f"step:{step}" for step in _steps(visit, state, processed))
    if state in DECIDED and visit.concluded_at is not None:
        yield f"duration:{DURATION.bar(visit.concluded_at - visit.created_at)}"
    result = "passed" if state is SessionState.PASSED else "failed"
    for evidence, score in findings:
        scale = SCALE_OF_EVIDENCE[Evidence(evidence)]
        if score != scale.nothing:
            yield f"score:{evidence}:{result}:{scale.bar(score)}"


def _steps(visit: VerificationSession, state: SessionState, processed: bool) -> Iterator[str]:
    """Yield every step that the person came to."""
    decided = state in DECIDED
    reached = {
        "opened": True,
        "consented": visit.consented_at is not None or visit.frame_count > 0,
        "capturing": visit.frame_count > 0 or processed or decided,
        "complete": processed or decided,
        "decided": decided,
        "passed": state is SessionState.PASSED,
    }
    yield from (step for step, there in reached.items() if there)


def _findings(db: Session, visits: Sequence[VerificationSession]) -> dict[str, list[tuple[str, float]]]:
    """Return evidence and score of each session's last attempt."""
    last = {visit.id: visit.attempt_number for visit in visits}
    rows = db.execute(
        select(FindingRow.session_id, FindingRow.attempt, FindingRow.evidence, FindingRow.score).where(
            FindingRow.session_id.in_(list(last))
        )
    )
    found: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for session_id, attempt, evidence, score in rows:
        if score is not None and attempt == last[session_id]:
            found[session_id].append((evidence, score))
    return found


def _processed(db: Session, visits: Sequence[VerificationSession]) -> set[str]:
    query = select(SessionTransition.session_id).where(
        SessionTransition.session_id.in_([visit.id for visit in visits]),
        SessionTransition.new_state == SessionState.PROCESSING,
    )
    return set(db.scalars(query))


def _sum_up_what_was_counted_before(db: Session) -> None:
    """Make the sums over all verifications once, of counts that are older than these sums."""
    if db.get(MetricRollup, (ALL_TIME, 0, ALL_VERIFICATIONS)) is not None:
        return
    sums: dict[_Key, Counter[str]] = defaultdict(Counter)
    for row in db.scalars(select(MetricRollup)):
        sums[(row.seconds, row.start, ALL_VERIFICATIONS)].update(row.counts)
    for key, counts in sums.items():
        _add(db, key, counts)


def _add(db: Session, key: _Key, counts: Counter[str]) -> None:
    row = db.get(MetricRollup, key)
    if row is None:
        seconds, start, verification_id = key
        db.add(
            MetricRollup(seconds=seconds, start=start, verification_id=verification_id, counts=dict(counts))
        )
    else:
        row.counts = dict(Counter(row.counts) + counts)
