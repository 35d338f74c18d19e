"""Reviews: what rests until the verdict, what an approval stores, and who may give it."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from app import worker
from app.audit.verification import verify
from app.errors import InputError, StateConflictError
from app.faces import collections
from app.faces.rotating import renew_rotation
from app.models import (
    AuditEntry,
    Face,
    FaceKey,
    OutboxEvent,
    ReviewCase,
    ReviewVote,
    SessionTransition,
    VerificationSession,
)
from app.resealing import reseal
from app.runtime import Runtime
from app.sealing import Sealer
from app.sessions import redaction, review
from app.sessions.review import Verdict
from app.sessions.steps import load
from tests.databases import on_both_databases
from tests.functional.review_scenes import ANNA, BERT, CARL, MEMBERS, ReviewScene, face, session_of
from tests.functional.visit import Visit
from tests.service import FakeClock, RelyingSite

HOUR = 3600
ALICE, BOB = 1, 2
LIKE_ALICE = face(ALICE, 0.9)


@pytest.fixture
def scene(site: RelyingSite) -> ReviewScene:
    made = ReviewScene(site)
    made.enrol(face(ALICE), "alice")
    return made


def count(runtime: Runtime, table: Any) -> int:
    with runtime.database.reading() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def events(runtime: Runtime) -> list[str]:
    with runtime.database.reading() as db:
        return list(db.scalars(select(OutboxEvent.event).order_by(OutboxEvent.id)))


def ends(runtime: Runtime) -> list[tuple[str, str]]:
    with runtime.database.reading() as db:
        rows = db.scalars(select(SessionTransition).filter_by(old_state="review"))
        return [(row.new_state, row.actor) for row in rows]


def told(scene: ReviewScene, visit: Visit) -> tuple[bool, str | None]:
    result = scene.site.check(scene.verification, visit.return_url())
    return result.passed, result.failed_reason


def test_an_approval_stores_the_face_and_the_result_says_passed(scene: ReviewScene) -> None:
    visit = scene.visit(LIKE_ALICE)
    assert told(scene, visit) == (False, "review_pending")
    assert scene.answer(visit).state == "passed"
    assert told(scene, visit) == (True, None)
    session = session_of(scene.runtime, visit)
    assert session.verifier_results["faceRecognition"] == "passed"
    assert (count(scene.runtime, Face), count(scene.runtime, ReviewCase)) == (2, 0)
    with scene.runtime.database.reading() as db:
        assert db.get_one(Face, session.face_id).effective_size == 3.0
    assert events(scene.runtime)[-2:] == ["VerificationReview", "VerificationCompleted"]


def test_a_refusal_stores_nothing_and_says_what_was_suspected(scene: ReviewScene) -> None:
    visit = scene.visit(LIKE_ALICE)
    assert scene.answer(visit, Verdict.FAILED).state == "failed"
    assert told(scene, visit) == (False, "duplicate_face")
    assert session_of(scene.runtime, visit).verifier_results["faceRecognition"] == "failed"
    assert (count(scene.runtime, Face), count(scene.runtime, ReviewCase)) == (1, 0)


def test_the_person_is_told_to_wait(scene: ReviewScene) -> None:
    visit = scene.visit(LIKE_ALICE)
    outcome = visit.look()["outcome"]
    assert (outcome["result"], outcome["reason"]) == ("review", "review_pending")


def test_an_approved_identification_is_the_member_that_was_suspected(site: RelyingSite) -> None:
    scene = ReviewScene(site, "Identification")
    alice = scene.enrol(face(ALICE), "alice")
    visit = scene.visit(LIKE_ALICE)
    scene.answer(visit)
    session = session_of(scene.runtime, visit)
    assert (session.state, session.face_id, session.external_id) == ("passed", alice, "alice")
    assert count(scene.runtime, Face) == 1


def test_a_refused_identification_is_not_recognized(site: RelyingSite) -> None:
    scene = ReviewScene(site, "Identification")
    scene.enrol(face(ALICE), "alice")
    visit = scene.visit(LIKE_ALICE)
    scene.answer(visit, Verdict.FAILED)
    assert told(scene, visit) == (False, "face_unrecognized")


def test_an_identification_is_not_approved_when_somebody_else_is_nearer_by_now(site: RelyingSite) -> None:
    scene = ReviewScene(site, "Identification")
    scene.enrol(face(ALICE), "alice")
    visit = scene.visit(LIKE_ALICE)
    scene.enrol(LIKE_ALICE, "twin")
    with pytest.raises(StateConflictError, match="another face is more alike"):
        scene.answer(visit)
    assert session_of(scene.runtime, visit).state == "review"


def test_of_two_reviews_of_one_face_only_one_is_approved(scene: ReviewScene) -> None:
    first, second = scene.visit(LIKE_ALICE), scene.visit(LIKE_ALICE)
    scene.answer(first)
    with pytest.raises(StateConflictError, match="duplicate_face"):
        scene.answer(second)
    scene.answer(second, Verdict.FAILED)
    assert count(scene.runtime, Face) == 2


def test_an_id_that_was_enrolled_meanwhile_is_not_given_to_another_face(site: RelyingSite) -> None:
    scene = ReviewScene(site, "UniqueMatchVerification")
    scene.enrol(face(ALICE), "alice")
    visit = scene.visit(LIKE_ALICE, "second")
    scene.enrol(face(BOB), "second")
    with pytest.raises(StateConflictError, match="face_mismatch"):
        scene.answer(visit)
    assert count(scene.runtime, FaceKey) == 2


def test_whoever_was_blocked_meanwhile_is_not_approved(scene: ReviewScene) -> None:
    visit = scene.visit(LIKE_ALICE)
    scene.block(LIKE_ALICE)
    with pytest.raises(StateConflictError, match="face_blocked"):
        scene.answer(visit)


def test_an_uncertain_likeness_to_somebody_blocked_is_refused_as_blocked(site: RelyingSite) -> None:
    scene = ReviewScene(site, "MatchVerification")
    scene.block(face(ALICE))
    approved, refused = scene.visit(LIKE_ALICE, "a"), scene.visit(LIKE_ALICE, "b")
    scene.answer(approved)
    scene.answer(refused, Verdict.FAILED)
    assert told(scene, approved) == (True, None)
    assert told(scene, refused) == (False, "face_blocked")


def test_only_sealed_and_rotated_numbers_rest(scene: ReviewScene) -> None:
    visit = scene.visit(LIKE_ALICE)
    with scene.runtime.database.reading() as db:
        case = db.get_one(ReviewCase, visit.session_id)
        assert case.sealed_template is not None
        assert LIKE_ALICE.tobytes() not in case.sealed_template
        assert len(case.sealed_template) == 12 + 32 + LIKE_ALICE.nbytes + 16


@pytest.mark.parametrize("change", ["reset", "delete", "rotate"])
def test_a_face_whose_collection_lost_its_key_can_only_be_declined(scene: ReviewScene, change: str) -> None:
    visit = scene.visit(LIKE_ALICE)
    with scene.runtime.database.transaction() as db:
        members = collections.get(db, scene.site.project_id, MEMBERS)
        {
            "reset": lambda: collections.reset(db, scene.runtime.sealer, members, 1.0),
            "delete": lambda: collections.delete(db, members, 1.0),
            "rotate": lambda: renew_rotation(db, scene.runtime.sealer, members, 1.0),
        }[change]()
    with pytest.raises(StateConflictError, match="decline it"):
        scene.answer(visit)
    assert scene.answer(visit, Verdict.FAILED).state == "failed"


def test_a_new_master_key_opens_what_rests(scene: ReviewScene) -> None:
    visit = scene.visit(LIKE_ALICE)
    old = bytes(range(32))
    scene.runtime.sealer.__init__(bytes(32), old)  # type: ignore[misc]
    with scene.runtime.database.transaction() as db:
        reseal(db, scene.runtime.sealer, lambda items, _: items)
    scene.runtime.sealer.__init__(bytes(32))  # type: ignore[misc]
    assert isinstance(scene.runtime.sealer, Sealer)
    assert scene.answer(visit).state == "passed"


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 2001])
def test_without_a_written_reason_nothing_is_decided(scene: ReviewScene, reason: str) -> None:
    visit = scene.visit(LIKE_ALICE)
    with pytest.raises(InputError, match="reason"):
        scene.answer(visit, reason=reason)
    assert session_of(scene.runtime, visit).state == "review"
    assert count(scene.runtime, ReviewVote) == 0


def test_what_is_decided_stays_decided(scene: ReviewScene) -> None:
    visit = scene.visit(LIKE_ALICE)
    scene.answer(visit, Verdict.FAILED)
    with pytest.raises(StateConflictError, match="is failed"):
        scene.answer(visit, actor=BERT)


def test_two_different_operators_must_agree_where_it_is_configured(site: RelyingSite) -> None:
    scene = ReviewScene(site, review_config={"secondOpinion": True})
    scene.enrol(face(ALICE))
    visit = scene.visit(LIKE_ALICE)
    assert scene.answer(visit).state == "review"
    with pytest.raises(StateConflictError, match="second operator"):
        scene.answer(visit)
    assert scene.answer(visit, Verdict.FAILED, BERT).state == "review"
    assert scene.answer(visit, Verdict.PASSED, CARL).state == "passed"
    assert count(scene.runtime, ReviewVote) == 3


def test_the_audit_log_says_who_decided_and_not_in_which_words(scene: ReviewScene) -> None:
    visit = scene.visit(LIKE_ALICE)
    scene.answer(visit, reason="Mrs Miller called")
    with scene.runtime.database.reading() as db:
        entry = db.scalars(select(AuditEntry)).one()
        assert verify(db, lambda entries, _: entries).is_good
    assert (entry.actor, entry.action, entry.subject) == (
        ANNA.name,
        "review.decide",
        f"session/{visit.session_id}",
    )
    assert "Miller" not in (entry.after or "")


def test_a_review_that_nobody_answers_expires_at_its_deadline(
    scene: ReviewScene, runtime: Runtime, clock: FakeClock
) -> None:
    visit = scene.visit(LIKE_ALICE)
    clock.pass_seconds(72 * HOUR - 1)
    assert worker.run_once(runtime, clock()).expired == 0
    clock.pass_seconds(1)
    assert worker.run_once(runtime, clock()).expired == 1
    session = session_of(runtime, visit)
    assert (session.state, session.reason) == ("expired", "session_expired")
    assert session.verifier_results["liveness"] == "passed"
    assert count(runtime, ReviewCase) == 0
    clock.pass_seconds(31 * 24 * HOUR)
    worker.run_once(runtime, clock())
    assert count(runtime, VerificationSession) == 0


def test_after_the_deadline_no_operator_approves(scene: ReviewScene, clock: FakeClock) -> None:
    visit = scene.visit(LIKE_ALICE)
    clock.pass_seconds(72 * HOUR)
    with pytest.raises(StateConflictError, match="expired"):
        scene.answer(visit)
    assert count(scene.runtime, Face) == 1


def test_redacting_a_session_in_review_leaves_nothing_of_it(scene: ReviewScene) -> None:
    visit = scene.visit(LIKE_ALICE)
    with scene.runtime.database.transaction() as db:
        session, configuration = load(db, visit.session_id)
        redaction.redact_session(db, scene.runtime.sealer, session, configuration, 1.0)
    assert session_of(scene.runtime, visit).state == "cancelled"
    assert count(scene.runtime, ReviewCase) == 0


def at_once(*deeds: Callable[[], object]) -> list[BaseException | None]:
    """Do everything at the same moment; returns what each raised."""
    raised: list[BaseException | None] = [None] * len(deeds)
    gate = threading.Barrier(len(deeds))

    def run(number: int, deed: Callable[[], object]) -> None:
        gate.wait()
        try:
            deed()
        except StateConflictError as error:
            raised[number] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@on_both_databases
def test_of_many_operators_at_once_exactly_one_decides(scene: ReviewScene) -> None:
    visit = scene.visit(LIKE_ALICE)
    raised = at_once(
        *(
            lambda actor=actor, verdict=verdict: scene.answer(visit, verdict, actor)
            for actor, verdict in ((ANNA, Verdict.PASSED), (BERT, Verdict.FAILED), (CARL, Verdict.PASSED))
        )
    )
    assert raised.count(None) == 1
    state = session_of(scene.runtime, visit).state
    assert ends(scene.runtime) == [(state, "operator")]
    assert events(scene.runtime).count("VerificationCompleted") == 1
    assert count(scene.runtime, Face) == (2 if state == "passed" else 1)
    assert count(scene.runtime, AuditEntry) == 1


@on_both_databases
def test_of_an_operator_and_the_clock_exactly_one_ends_the_review(
    scene: ReviewScene, runtime: Runtime, clock: FakeClock
) -> None:
    visit = scene.visit(LIKE_ALICE)
    deadline = clock() + 72 * HOUR
    last_moment = deadline - 0.001
    (late, _) = at_once(
        lambda: review.answer(scene.runtime, visit.session_id, ANNA, Verdict.PASSED, "late", last_moment),
        lambda: worker.run_once(runtime, deadline),
    )
    state = session_of(runtime, visit).state
    assert state == ("passed" if late is None else "expired")
    assert len(ends(runtime)) == 1
    assert count(runtime, Face) == (2 if late is None else 1)
    assert count(runtime, ReviewCase) == 0


def test_a_review_without_its_face_can_only_be_declined(scene: ReviewScene) -> None:
    visit = scene.visit(LIKE_ALICE)
    with scene.runtime.database.transaction() as db:
        db.get_one(ReviewCase, visit.session_id).sealed_template = None
    with pytest.raises(StateConflictError, match="was not kept"):
        scene.answer(visit)
