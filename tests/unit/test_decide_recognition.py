"""The five modes of recognition, each answer of a comparison, one table."""

from dataclasses import replace

import pytest

from app.decision.recognition import RULES_OF_MODE, judge_faces, judge_recognition
from app.decision.types import BlockListRequirement, RecognitionMode, RecognitionRequirement
from app.pipeline.types import Finding
from app.vocabulary import Evidence, Outcome, Reason, VerifierName, VerifierResult
from tests.unit.test_decide_required import EVERYTHING, decided, without

CALCULATION = RecognitionMode.CALCULATION_ONLY
DUPLICATE, UNIQUE = RecognitionMode.DUPLICATE, RecognitionMode.UNIQUE_MATCH
MATCH, IDENTIFY = RecognitionMode.MATCH, RecognitionMode.IDENTIFICATION

MATCHES, HIT, UNSURE, STRANGER = 0.95, 0.97, 0.92, 0.5


def requirement(mode: RecognitionMode, *, review: bool = False) -> RecognitionRequirement:
    return RecognitionRequirement(mode, 0.94, 0.96, 0.90, review_uncertain=review)


def compared(
    mode: RecognitionMode,
    *,
    match: float | None = None,
    search: float | None = None,
    size: int = 100,
    score: float | None = 0.0,
) -> Finding:
    details = {
        "mode": mode.value,
        "known": match is not None,
        "match_similarity": match,
        "search_similarity": search,
        "collection_size": size,
    }
    return Finding(Evidence.FACE_COMPARISON, score, "cosine", "model", details)


def looked_up(similarity: float | None) -> Finding:
    return Finding(Evidence.BLOCK_LIST, similarity, "cosine", "model", {"size": 3})


def block_list(*, review: bool = False) -> BlockListRequirement:
    return BlockListRequirement(0.96, 0.90, review_uncertain=review)


# mode, 1:1 similarity (None: unknown id), best other identity, reason, enrolled
TABLE = [
    (CALCULATION, None, HIT, None, True),
    (CALCULATION, STRANGER, HIT, None, True),
    (DUPLICATE, None, HIT, Reason.DUPLICATE_FACE, False),
    (DUPLICATE, None, UNSURE, Reason.DUPLICATE_FACE, False),
    (DUPLICATE, None, STRANGER, None, True),
    (UNIQUE, None, HIT, Reason.DUPLICATE_FACE, False),
    (UNIQUE, None, UNSURE, Reason.DUPLICATE_FACE, False),
    (UNIQUE, None, STRANGER, None, True),
    (UNIQUE, MATCHES, STRANGER, None, False),
    (UNIQUE, MATCHES, HIT, Reason.DUPLICATE_FACE, False),
    (UNIQUE, STRANGER, STRANGER, Reason.FACE_MISMATCH, False),
    (MATCH, None, HIT, None, True),
    (MATCH, MATCHES, HIT, None, False),
    (MATCH, STRANGER, None, Reason.FACE_MISMATCH, False),
    (IDENTIFY, None, HIT, None, False),
    (IDENTIFY, None, UNSURE, Reason.FACE_UNRECOGNIZED, False),
    (IDENTIFY, None, STRANGER, Reason.FACE_UNRECOGNIZED, False),
]


@pytest.mark.parametrize(("mode", "match", "search", "reason", "enrol"), TABLE)
def test_the_table_of_modes(
    mode: RecognitionMode, match: float | None, search: float, reason: Reason | None, enrol: bool
) -> None:
    answer = judge_recognition(compared(mode, match=match, search=search), requirement(mode))
    assert (answer.reason, answer.enrol) == (reason, enrol)


@pytest.mark.parametrize("mode", [DUPLICATE, UNIQUE, IDENTIFY])
def test_an_uncertain_hit_goes_to_an_operator_where_one_is_asked(mode: RecognitionMode) -> None:
    answer = judge_recognition(compared(mode, search=UNSURE), requirement(mode, review=True))
    assert answer.reason is Reason.REVIEW_PENDING
    assert answer.enrol is (mode is not IDENTIFY)


@pytest.mark.parametrize("mode", RecognitionMode)
def test_nobody_on_the_block_list_passes_or_is_stored_in_any_mode(mode: RecognitionMode) -> None:
    finding = compared(mode, match=MATCHES, search=STRANGER)
    answer = judge_faces(looked_up(HIT), block_list(), finding, requirement(mode))
    assert (answer.reason, answer.enrol) == (Reason.FACE_BLOCKED, False)


def test_who_is_blocked_is_told_nothing_of_a_duplicate() -> None:
    finding = compared(UNIQUE, search=HIT)
    assert (
        judge_faces(looked_up(HIT), block_list(), finding, requirement(UNIQUE)).reason is Reason.FACE_BLOCKED
    )


def test_likeness_to_a_blocked_face_that_is_uncertain_fails_closed_or_goes_to_an_operator() -> None:
    stored = compared(CALCULATION), requirement(CALCULATION)
    assert judge_faces(looked_up(UNSURE), block_list(), *stored).reason is Reason.FACE_BLOCKED
    answer = judge_faces(looked_up(UNSURE), block_list(review=True), *stored)
    assert (answer.reason, answer.enrol) == (Reason.REVIEW_PENDING, True)


def test_what_is_certain_needs_no_operator() -> None:
    finding = compared(UNIQUE, match=STRANGER, search=UNSURE)
    answer = judge_faces(
        looked_up(UNSURE), block_list(review=True), finding, requirement(UNIQUE, review=True)
    )
    assert answer.reason is Reason.FACE_MISMATCH


@pytest.mark.parametrize("lookup", [None, looked_up(None), looked_up(float("nan"))])
def test_a_block_list_that_was_not_read_passes_nobody(lookup: Finding | None) -> None:
    assert judge_faces(lookup, block_list(), None, None).reason is Reason.INTERNAL_ERROR
    finding = compared(CALCULATION)
    answer = judge_faces(lookup, block_list(), finding, requirement(CALCULATION))
    assert (answer.reason, answer.enrol) == (Reason.INTERNAL_ERROR, False)


def test_a_blocked_face_fails_a_session_that_asked_for_no_recognition() -> None:
    requirements = replace(EVERYTHING, recognition=None, block_list=block_list())
    decision = decided(
        [*without(Evidence.FACE_COMPARISON, Evidence.BLOCK_LIST), looked_up(HIT)], requirements
    )
    assert (decision.outcome, decision.reason) == (Outcome.FAILED, Reason.FACE_BLOCKED)
    assert set(decision.verifiers.values()) == {VerifierResult.FAILED, VerifierResult.NOT_EXECUTED}
    assert decision.notes["block_threshold"] == 0.96


def test_nobody_alike_on_the_block_list_changes_nothing() -> None:
    requirements = replace(EVERYTHING, block_list=block_list())
    assert decided(without(), requirements).outcome is Outcome.PASSED


@pytest.mark.parametrize("mode", [DUPLICATE, UNIQUE])
def test_an_empty_collection_has_no_duplicate(mode: RecognitionMode) -> None:
    answer = judge_recognition(compared(mode, search=None, size=0), requirement(mode))
    assert (answer.reason, answer.enrol) == (None, True)


def test_nobody_is_found_in_an_empty_collection() -> None:
    answer = judge_recognition(compared(IDENTIFY, search=None, size=0), requirement(IDENTIFY))
    assert answer.reason is Reason.FACE_UNRECOGNIZED


def test_the_only_face_of_a_collection_may_be_ones_own() -> None:
    finding = compared(UNIQUE, match=MATCHES, search=None, size=1)
    assert judge_recognition(finding, requirement(UNIQUE)).reason is None


@pytest.mark.parametrize("mode", [DUPLICATE, UNIQUE, IDENTIFY])
def test_a_search_without_an_answer_in_a_full_collection_fails(mode: RecognitionMode) -> None:
    finding = compared(mode, search=None, size=5)
    assert judge_recognition(finding, requirement(mode)).reason is Reason.INTERNAL_ERROR


@pytest.mark.parametrize("mode", RecognitionMode)
def test_a_similarity_that_is_no_number_passes_nobody_who_is_compared(mode: RecognitionMode) -> None:
    nan = float("nan")
    answer = judge_recognition(compared(mode, match=nan, search=nan), requirement(mode))
    compares = RULES_OF_MODE[mode].matches_known or RULES_OF_MODE[mode].searches
    assert compares is False or mode is IDENTIFY or answer.reason is not None


@pytest.mark.parametrize("mode", RecognitionMode)
def test_a_comparison_for_another_mode_or_without_a_score_fails(mode: RecognitionMode) -> None:
    other = CALCULATION if mode is not CALCULATION else MATCH
    for finding in (compared(other, search=STRANGER), compared(mode, search=STRANGER, score=None), None):
        assert judge_recognition(finding, requirement(mode)).reason is Reason.INTERNAL_ERROR


def test_nothing_good_enough_to_compare_can_be_tried_again() -> None:
    nothing = Finding(Evidence.FACE_COMPARISON, None, "cosine", "model", {"reason": "no frame"})
    assert judge_recognition(nothing, requirement(MATCH)).reason is Reason.LOW_QUALITY


def test_a_known_id_whose_face_could_not_be_compared_fails() -> None:
    finding = compared(MATCH, match=MATCHES)
    finding = replace(finding, details={**finding.details, "match_similarity": None})
    assert judge_recognition(finding, requirement(MATCH)).reason is Reason.INTERNAL_ERROR


def test_a_review_neither_passes_nor_fails_recognition_and_stores_nothing() -> None:
    requirements = replace(EVERYTHING, recognition=requirement(UNIQUE, review=True))
    findings = [*without(Evidence.FACE_COMPARISON), compared(UNIQUE, search=UNSURE)]
    decision = decided(findings, requirements)
    assert (decision.outcome, decision.reason) == (Outcome.REVIEW, Reason.REVIEW_PENDING)
    assert decision.verifiers[VerifierName.FACE_RECOGNITION] is VerifierResult.NOT_EXECUTED
    assert (decision.enrol, decision.notes["enrol_on_approval"]) == (False, True)
