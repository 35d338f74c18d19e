"""The state machine and the attempt limits: the tables, and everything that is not in them."""

from itertools import product
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.db import Database
from app.errors import AttemptsExhaustedError, RateLimitedError
from app.schema import upgrade
from app.sessions.limits import check_limit, count_outcome
from app.sessions.transitions import TRANSITIONS, can_move
from app.verifications.configuration import AttemptLimits
from app.vocabulary import Reason, SessionState

S = SessionState
ENDS = {S.PASSED, S.FAILED, S.EXPIRED, S.CANCELLED, S.ERRORED}
LIMITS = AttemptLimits()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (S.CREATED, S.CAPTURING),
        (S.CAPTURING, S.PROCESSING),
        (S.PROCESSING, S.CAPTURING),
        (S.PROCESSING, S.PASSED),
        (S.PROCESSING, S.FAILED),
        (S.PROCESSING, S.REVIEW),
        (S.REVIEW, S.PASSED),
        (S.REVIEW, S.FAILED),
        *product((S.CREATED, S.CAPTURING, S.PROCESSING, S.REVIEW), (S.EXPIRED, S.CANCELLED, S.ERRORED)),
    ],
)
def test_the_moves_of_the_contract_are_possible(old: SessionState, new: SessionState) -> None:
    assert can_move(old, new)


def test_there_are_no_other_moves() -> None:
    assert len(TRANSITIONS) == 8 + 4 * 3


@pytest.mark.parametrize(("old", "new"), list(product(sorted(ENDS), S)))
def test_an_end_is_an_end(old: SessionState, new: SessionState) -> None:
    assert not can_move(old, new)


@pytest.mark.parametrize("old", [S.CREATED, S.CAPTURING])
def test_nobody_passes_without_being_processed(old: SessionState) -> None:
    assert not can_move(old, S.PASSED)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'visavis.db'}")
    upgrade(database)
    return database


def fail(db: Session, times: int, now: float, reason: Reason = Reason.FACE_MISMATCH) -> None:
    for _ in range(times):
        count_outcome(db, LIMITS, "v", "alice", reason, now)
        db.flush()


def test_nine_failures_cost_nothing_and_the_tenth_thirty_seconds(database: Database) -> None:
    with database.transaction() as db:
        fail(db, 9, now=0)
        check_limit(db, LIMITS, "v", "alice", now=0)
        fail(db, 1, now=0)
        with pytest.raises(RateLimitedError) as pause:
            check_limit(db, LIMITS, "v", "alice", now=1)
        check_limit(db, LIMITS, "v", "alice", now=30)
    assert pause.value.retry_after == 29


def test_the_pause_doubles_with_every_further_failure(database: Database) -> None:
    with database.transaction() as db:
        fail(db, 12, now=0)
        with pytest.raises(RateLimitedError) as pause:
            check_limit(db, LIMITS, "v", "alice", now=0)
    assert pause.value.retry_after == 120


def test_a_hundred_failures_are_the_end(database: Database) -> None:
    with database.transaction() as db:
        fail(db, 100, now=0)
        with pytest.raises(AttemptsExhaustedError):
            check_limit(db, LIMITS, "v", "alice", now=1e12)


def test_a_passed_visit_forgets_all_failures(database: Database) -> None:
    with database.transaction() as db:
        fail(db, 50, now=0)
        count_outcome(db, LIMITS, "v", "alice", None, now=0)
        db.flush()
        check_limit(db, LIMITS, "v", "alice", now=0)


def test_a_dark_room_is_nobodys_attack(database: Database) -> None:
    with database.transaction() as db:
        fail(db, 100, now=0, reason=Reason.LOW_QUALITY)
        check_limit(db, LIMITS, "v", "alice", now=0)


def test_limits_are_one_persons_own(database: Database) -> None:
    with database.transaction() as db:
        fail(db, 100, now=0)
        check_limit(db, LIMITS, "v", "bob", now=0)
        check_limit(db, LIMITS, "other", "alice", now=0)
