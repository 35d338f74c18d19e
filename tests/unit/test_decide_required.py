"""The decision loops over what is required: nothing that is missing ever passes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.decide import decide, required_verifiers
from app.decision.policy import Limit, Policy
from app.decision.types import (
    AgeRequirement,
    BlockListRequirement,
    Decision,
    RecognitionMode,
    RecognitionRequirement,
    Requirements,
)
from app.factory import ROOT
from app.pipeline.types import Finding
from app.vocabulary import (
    ChallengePath,
    ChallengeType,
    Evidence,
    Outcome,
    Reason,
    VerifierName,
    VerifierResult,
)

POLICY = Policy.load(ROOT / "config" / "policy.toml")

RECOGNITION = RecognitionRequirement(RecognitionMode.DUPLICATE, 0.95, 0.96, 0.96, review_uncertain=False)
EVERYTHING = Requirements(
    liveness=ChallengeType.BALANCED,
    recognition=RECOGNITION,
    age=AgeRequirement(18, above=True, buffer=2),
    gender=True,
    fail_on_multiple_faces=True,
)

ADVANCED = replace(EVERYTHING, liveness=ChallengeType.ADVANCED)

# Evidence with its reason when it is missing.
REQUIRED = {
    Evidence.FACE_PRESENCE: Reason.NO_FACE,
    Evidence.IMAGE_QUALITY: Reason.LOW_QUALITY,
    Evidence.CAPTURE_INTEGRITY: Reason.LIVENESS_FAILED,
    Evidence.PRESENTATION_ATTACK: Reason.LIVENESS_FAILED,
    Evidence.HEAD_MOVEMENT: Reason.LIVENESS_FAILED,
    Evidence.SOLID_HEAD: Reason.LIVENESS_FAILED,
    Evidence.LIGHT_REFLECTION: Reason.LIVENESS_FAILED,
    Evidence.CONTINUITY: Reason.LOW_QUALITY,
    Evidence.AGE: Reason.LOW_QUALITY,
    Evidence.GENDER: Reason.LOW_QUALITY,
    Evidence.FACE_COMPARISON: Reason.INTERNAL_ERROR,
}

# Measurements far on the right side of every limit.
BEST: dict[Evidence, tuple[float, dict[str, float | int | str | bool | None]]] = {
    Evidence.FACE_PRESENCE: (1.0, {"multiple_share": 0.0, "face_count": 1}),
    Evidence.IMAGE_QUALITY: (1.0, {"comparable_embeddings": 9}),
    Evidence.CAPTURE_INTEGRITY: (1.0, {"stalled_share": 0.0, "clock_ratio": 1.0, "frame_rate": 10.0}),
    Evidence.PRESENTATION_ATTACK: (1.0, {}),
    Evidence.HEAD_MOVEMENT: (1.0, {"obeyed": 6, "turns_obeyed": 3, "nods_obeyed": 2}),
    Evidence.SOLID_HEAD: (9.0, {"mask_score": 3.0, "homography_residual": 0.1}),
    Evidence.LIGHT_REFLECTION: (
        0.00005,
        {"lag_ms": 100.0, "evenness": 0.1, "latest_show_ms": 900.0, "earliest_show_ms": 20.0},
    ),
    Evidence.CONTINUITY: (
        0.99,
        {
            "lowest_single": 0.98,
            "lowest_turned": 0.97,
            "lowest_any_pose": 0.97,
            "faceless_share": 0.0,
            "largest_track_speed": 1.0,
            "longest_unchecked_frames": 4,
        },
    ),
    Evidence.AGE: (33.0, {}),
    Evidence.GENDER: (0.97, {"gender": "female"}),
    Evidence.FACE_COMPARISON: (
        -1.0,
        {
            "mode": "DuplicateVerification",
            "known": False,
            "match_similarity": None,
            "search_similarity": None,
            "collection_size": 0,
        },
    ),
    Evidence.BLOCK_LIST: (-1.0, {"size": 3}),
}


def method_of(evidence: Evidence) -> str:
    """Return a method that the policy has numbers for."""
    bound = [limit.methods for limit in POLICY.limits if limit.evidence is evidence and limit.methods]
    return bound[0][0] if bound else "any"


BEST_FINDINGS = tuple(
    Finding(evidence, score, "unit", method_of(evidence), details)
    for evidence, (score, details) in BEST.items()
)


def changed(evidence: Evidence, **changes: object) -> list[Finding]:
    """Return the best findings with one of them changed: `score=`, `method=` or a detail."""
    own = {name: changes.pop(name) for name in ("score", "method") if name in changes}
    return [
        replace(finding, **own, details={**finding.details, **changes})  # type: ignore[arg-type]
        if finding.evidence is evidence
        else finding
        for finding in BEST_FINDINGS
    ]


def decided(findings: list[Finding], requirements: Requirements = EVERYTHING) -> Decision:
    return decide(findings, requirements, POLICY)


def without(*evidence: Evidence) -> list[Finding]:
    return [finding for finding in BEST_FINDINGS if finding.evidence not in evidence]


def test_who_is_on_the_right_side_of_everything_passes() -> None:
    decision = decided(list(BEST_FINDINGS))
    assert decision.outcome is Outcome.PASSED
    assert decision.reason is None
    assert set(decision.verifiers.values()) == {VerifierResult.PASSED}
    assert (decision.age_years, decision.gender, decision.enrol) == (33, "female", True)


@pytest.mark.parametrize(("evidence", "reason"), REQUIRED.items())
def test_taking_any_required_evidence_away_fails(evidence: Evidence, reason: Reason) -> None:
    decision = decided(without(evidence), ADVANCED)
    assert (decision.outcome, decision.reason, decision.enrol) == (Outcome.FAILED, reason, False)


@pytest.mark.parametrize("evidence", REQUIRED)
@pytest.mark.parametrize("score", [None, float("nan"), float("inf")])
def test_evidence_that_could_not_be_measured_fails(evidence: Evidence, score: float | None) -> None:
    assert decided(changed(evidence, score=score), ADVANCED).outcome is Outcome.FAILED


def held_to(limit: Limit) -> Requirements:
    light = replace(ADVANCED, challenge_path=ChallengePath.LIGHT)
    movement = replace(ADVANCED, challenge_path=ChallengePath.MOVEMENT)
    basic = replace(EVERYTHING, liveness=ChallengeType.BASIC)
    return next(each for each in (EVERYTHING, light, movement, basic) if limit.when.holds(each))


@pytest.mark.parametrize("limit", POLICY.limits, ids=lambda limit: limit.name)
def test_every_limit_fails_with_its_own_reason(limit: Limit) -> None:
    wrong = limit.value - 0.001 if limit.at_least else limit.value + 0.001
    requirements, own = held_to(limit), {"method": limit.methods[0]} if limit.methods else {}
    bad = changed(limit.evidence, **own, **{limit.measure: wrong})
    assert decided(bad, requirements).reason is limit.reason
    right = changed(limit.evidence, **own, **{limit.measure: limit.value})
    assert decided(right, requirements).outcome is Outcome.PASSED


@pytest.mark.parametrize("limit", POLICY.limits, ids=lambda limit: limit.name)
def test_a_detail_that_a_limit_needs_and_nobody_measured_fails(limit: Limit) -> None:
    assert decided(changed(limit.evidence, **{limit.measure: None}), held_to(limit)).outcome is Outcome.FAILED


def test_two_findings_of_one_kind_count_for_nothing() -> None:
    assert decided([*BEST_FINDINGS, BEST_FINDINGS[0]]).reason is Reason.NO_FACE


@pytest.mark.parametrize("evidence", [Evidence.PRESENTATION_ATTACK, Evidence.CONTINUITY])
def test_a_score_of_a_model_without_a_measured_limit_fails(evidence: Evidence) -> None:
    assert decided(changed(evidence, method="somebody-elses-model")).outcome is Outcome.FAILED


def test_what_is_not_required_is_not_missed() -> None:
    requirements = Requirements(None, None, AgeRequirement(), False, False)
    findings = without(
        Evidence.CAPTURE_INTEGRITY,
        Evidence.PRESENTATION_ATTACK,
        Evidence.HEAD_MOVEMENT,
        Evidence.SOLID_HEAD,
        Evidence.GENDER,
        Evidence.FACE_COMPARISON,
    )
    decision = decided(findings, requirements)
    assert decision.outcome is Outcome.PASSED
    assert dict(decision.verifiers) == {VerifierName.AGE: VerifierResult.PASSED}


def test_the_basic_level_asks_for_no_movement() -> None:
    basic = replace(EVERYTHING, liveness=ChallengeType.BASIC)
    still = without(Evidence.HEAD_MOVEMENT, Evidence.SOLID_HEAD, Evidence.LIGHT_REFLECTION)
    assert decided(still, basic).outcome is Outcome.PASSED
    assert decided(still).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("path", "obeyed", "light", "passes"),
    [
        (ChallengePath.LIGHT, 2, True, True),
        (ChallengePath.LIGHT, 1, True, False),
        (ChallengePath.LIGHT, 5, False, False),
        (ChallengePath.MOVEMENT, 5, False, True),
        (ChallengePath.MOVEMENT, 4, True, False),
        (None, 5, True, True),
        (None, 2, True, False),
        (None, 5, False, False),
    ],
)
def test_the_advanced_level_asks_for_light_or_for_more_targets_and_for_both_when_in_doubt(
    path: ChallengePath | None, obeyed: int, light: bool, passes: bool
) -> None:
    findings = changed(Evidence.HEAD_MOVEMENT, obeyed=obeyed)
    shown = [each for each in findings if light or each.evidence is not Evidence.LIGHT_REFLECTION]
    decision = decided(shown, replace(ADVANCED, challenge_path=path))
    assert (decision.outcome is Outcome.PASSED) is passes


def test_bystanders_matter_only_where_they_are_forbidden() -> None:
    crowded = changed(Evidence.FACE_PRESENCE, multiple_share=1.0)
    assert decided(crowded).reason is Reason.MULTIPLE_FACES
    assert decided(crowded, replace(EVERYTHING, fail_on_multiple_faces=False)).outcome is Outcome.PASSED


def test_the_first_failure_is_the_one_that_is_told() -> None:
    worst = [replace(finding, score=None) for finding in BEST_FINDINGS]
    reasons = []
    for evidence in REQUIRED:
        reasons.append(decided(worst, ADVANCED).reason)
        worst = [
            good if good.evidence is evidence else bad for bad, good in zip(worst, BEST_FINDINGS, strict=True)
        ]
    assert reasons == list(REQUIRED.values())


def test_verifiers_after_the_failure_were_not_executed() -> None:
    decision = decided(changed(Evidence.AGE, score=12.0))
    assert list(decision.verifiers.items()) == [
        (VerifierName.LIVENESS, VerifierResult.PASSED),
        (VerifierName.AGE, VerifierResult.FAILED),
        (VerifierName.GENDER, VerifierResult.NOT_EXECUTED),
        (VerifierName.FACE_RECOGNITION, VerifierResult.NOT_EXECUTED),
    ]
    assert (decision.age_years, decision.gender) == (12, None)


def test_a_bad_picture_is_counted_to_the_first_verifier() -> None:
    requirements = replace(EVERYTHING, liveness=None)
    decision = decided(changed(Evidence.IMAGE_QUALITY, score=0.0), requirements)
    assert decision.verifiers[VerifierName.AGE] is VerifierResult.FAILED
    assert decision.age_years is None


def test_a_decision_before_recognition_has_no_line_for_it() -> None:
    before = replace(EVERYTHING, recognition=None)
    decision = decided(without(Evidence.FACE_COMPARISON), before)
    assert decision.outcome is Outcome.PASSED
    assert VerifierName.FACE_RECOGNITION not in decision.verifiers
    assert not decision.enrol


def test_an_unsure_gender_is_not_told() -> None:
    unsure = decided(changed(Evidence.GENDER, score=POLICY.gender.value - 0.01))
    assert (unsure.outcome, unsure.gender) == (Outcome.PASSED, None)


def test_the_notes_name_the_limits_that_were_used() -> None:
    notes = decided(list(BEST_FINDINGS), ADVANCED).notes
    assert notes["match_threshold"] == 0.95
    used = {finding.evidence: finding.method for finding in BEST_FINDINGS}
    held = [limit for limit in POLICY.limits if limit.when.holds(ADVANCED)]
    fitting = {each.name for each in held if not each.methods or used[each.evidence] in each.methods}
    assert fitting <= set(notes)


FINDINGS = st.lists(
    st.sampled_from(Evidence), unique=True, min_size=len(Evidence) - 3, max_size=len(Evidence)
).flatmap(lambda kinds: st.tuples(*[st.builds(spoilt, st.just(kind), st.integers(0, 9)) for kind in kinds]))


def spoilt(evidence: Evidence, luck: int) -> Finding:
    """Return the best finding of a kind, sometimes unmeasurable or bad."""
    best = next(finding for finding in BEST_FINDINGS if finding.evidence is evidence)
    if luck == 0:
        return replace(best, score=None)
    worse = 1.0 if evidence is Evidence.LIGHT_REFLECTION else -5.0
    compares_faces = evidence in (Evidence.FACE_COMPARISON, Evidence.BLOCK_LIST)
    return replace(best, score=worse) if luck == 1 and not compares_faces else best


REQUIREMENTS = st.builds(
    Requirements,
    liveness=st.sampled_from([None, *ChallengeType]),
    recognition=st.sampled_from([None, RECOGNITION]),
    age=st.sampled_from([None, AgeRequirement(), AgeRequirement(18)]),
    gender=st.booleans(),
    fail_on_multiple_faces=st.booleans(),
    challenge_path=st.sampled_from([None, *ChallengePath]),
    block_list=st.sampled_from([None, BlockListRequirement(0.9, 0.8, review_uncertain=False)]),
)


@given(FINDINGS, REQUIREMENTS, st.integers(0, 9), st.booleans())
def test_losing_a_finding_never_helps(
    findings: tuple[Finding, ...], requirements: Requirements, which: int, drop: bool
) -> None:
    which %= len(findings)
    lost = [] if drop else [replace(findings[which], score=None)]
    poorer = [*findings[:which], *lost, *findings[which + 1 :]]
    before, after = decided(list(findings), requirements), decided(poorer, requirements)
    assert before.outcome is Outcome.PASSED or after.outcome is not Outcome.PASSED
    assert before.enrol or not after.enrol


@given(FINDINGS, REQUIREMENTS)
def test_every_required_verifier_has_one_line(
    findings: tuple[Finding, ...], requirements: Requirements
) -> None:
    decision = decided(list(findings), requirements)
    assert tuple(decision.verifiers) == required_verifiers(requirements)
    passed = all(result is VerifierResult.PASSED for result in decision.verifiers.values())
    assert not decision.verifiers or passed == (decision.outcome is Outcome.PASSED)
