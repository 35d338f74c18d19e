"""Reads counts of a time range and adds them up: a few hundred rows, however many sessions there were."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.metrics.counting import ALL_TIME, ALL_VERIFICATIONS, DAY_SECONDS, HOUR_SECONDS
from app.metrics.scales import DURATION, SCALE_OF_EVIDENCE
from app.models import MetricRollup, VerificationSession
from app.vocabulary import Evidence, SessionState

STEPS = ("opened", "consented", "capturing", "complete", "decided", "passed")
# Up to here a picture has a bar an hour, beyond it one a day.
LONGEST_BY_HOUR_SECONDS = 3 * DAY_SECONDS
# Bars from the scores to a threshold that is drawn in although no score lies near it.
FARTHEST_THRESHOLD = 100


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `since` on, before `until`; unix seconds, widened to whole hours or days (UTC)."""

    since: float
    until: float

    @property
    def seconds(self) -> int:
        """Length of one bar."""
        return HOUR_SECONDS if self.until - self.since <= LONGEST_BY_HOUR_SECONDS else DAY_SECONDS

    @property
    def starts(self) -> list[int]:
        """Beginnings of all bars."""
        first = math.floor(self.since / self.seconds) * self.seconds
        return list(range(first, math.ceil(self.until), self.seconds))


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a histogram."""

    low: float
    high: float
    passed: int
    """Sessions that passed in the end."""
    failed: int


@dataclass(frozen=True, slots=True)
class Moment:
    """What ended well and otherwise in one hour or day."""

    start: int
    passed: int
    total: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """Everything that was counted of sessions that began in the range and are over."""

    counts: Mapping[str, int]
    series: tuple[Moment, ...]

    def named(self, kind: str) -> dict[str, int]:
        """Return name → count of one kind (`state`, `reason`, `step`), the most frequent first."""
        return dict(sorted(_of_kind(self.counts, kind).items(), key=lambda item: (-item[1], item[0])))

    @property
    def total(self) -> int:
        """How many sessions."""
        return self.counts.get("step:opened", 0)

    @property
    def pass_rate(self) -> float | None:
        """Share of decided sessions that passed, 0…1; None when none was decided."""
        decided = self.counts.get("step:decided", 0)
        return self.counts.get("step:passed", 0) / decided if decided else None

    @property
    def steps(self) -> list[tuple[str, int]]:
        """How many came to each step, in order."""
        return [(step, self.counts.get(f"step:{step}", 0)) for step in STEPS]

    def duration(self, share: float) -> float | None:
        """Return the seconds that `share` of decided sessions did not exceed, at most 4 % off."""
        bars = sorted((int(bar), count) for bar, count in _of_kind(self.counts, "duration").items())
        wanted = share * sum(count for _, count in bars)
        passed_by = 0
        for bar, count in bars:
            passed_by += count
            if passed_by >= wanted:
                return math.sqrt(DURATION.edge(bar) * DURATION.edge(bar + 1))
        return None

    def histogram(self, evidence: Evidence, threshold: float | None = None) -> tuple[Bar, ...]:
        """Return the bars of one kind of score without gaps, up to the threshold; empty without scores."""
        scale = SCALE_OF_EVIDENCE[evidence]
        passed, failed = (
            {int(bar): count for bar, count in _of_kind(self.counts, f"score:{evidence}:{result}").items()}
            for result in ("passed", "failed")
        )
        used = [*passed, *failed]
        if not used:
            return ()
        if threshold is not None and abs(scale.bar(threshold) - used[0]) <= FARTHEST_THRESHOLD:
            used.append(scale.bar(threshold))
        return tuple(
            Bar(scale.edge(bar), scale.edge(bar + 1), passed.get(bar, 0), failed.get(bar, 0))
            for bar in range(min(used), max(used) + 1)
        )


def read_metrics(db: Session, verification_ids: Collection[str] | None, span: TimeRange) -> Metrics:
    """Add up the counts of these verifications, None = all."""
    starts = span.starts
    query = select(MetricRollup.start, MetricRollup.counts).where(
        MetricRollup.seconds == span.seconds,
        MetricRollup.start >= starts[0],
        MetricRollup.start <= starts[-1],
    )
    wanted = [ALL_VERIFICATIONS] if verification_ids is None else list(verification_ids)
    query = query.where(MetricRollup.verification_id.in_(wanted))
    sums: Counter[str] = Counter()
    passed: Counter[int] = Counter()
    total: Counter[int] = Counter()
    for start, counts in db.execute(query):
        sums.update(counts)
        passed[start] += counts.get("step:passed", 0)
        total[start] += counts.get("step:opened", 0)
    return Metrics(sums, tuple(Moment(start, passed[start], total[start]) for start in starts))


def all_time(db: Session) -> dict[str, dict[str, int]]:
    """Return verification → counts since the beginning: what never falls."""
    rows = db.scalars(select(MetricRollup).where(MetricRollup.seconds == ALL_TIME))
    return {row.verification_id: row.counts for row in rows if row.verification_id != ALL_VERIFICATIONS}


def open_sessions(db: Session, verification_ids: Sequence[str] | None = None) -> dict[str, int]:
    """Return how many sessions are in each open state now."""
    query = select(VerificationSession.state, func.count()).where(
        VerificationSession.state.in_([state for state in SessionState if state.is_open])
    )
    if verification_ids is not None:
        query = query.where(VerificationSession.verification_id.in_(verification_ids))
    return {state: count for state, count in db.execute(query.group_by(VerificationSession.state))}


def _of_kind(counts: Mapping[str, int], kind: str) -> dict[str, int]:
    prefix = f"{kind}:"
    return {name.removeprefix(prefix): count for name, count in counts.items() if name.startswith(prefix)}
