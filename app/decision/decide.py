"""The decision: a pure function that loops over what is required, so that nothing missing ever passes."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.decision.policy import Condition, Limit, Policy
from app.decision.recognition import RecognitionAnswer, judge_faces
from app.decision.types import AgeRequirement, Decision, Requirements
from app.pipeline.types import Finding
from app.vocabulary import Evidence, Outcome, Reason, VerifierName, VerifierResult

# What must be measured, and have at least one limit that fits, in the order in which it is asked.
REQUIRED_EVIDENCE: tuple[tuple[Evidence, Condition], ...] = (
    (Evidence.FACE_PRESENCE, Condition.ALWAYS),
    (Evidence.IMAGE_QUALITY, Condition.ALWAYS),
    (Evidence.CAPTURE_INTEGRITY, Condition.LIVENESS),
    (Evidence.PRESENTATION_ATTACK, Condition.LIVENESS),
    (Evidence.HEAD_MOVEMENT, Condition.MOVEMENT),
    (Evidence.SOLID_HEAD, Condition.MOVEMENT),
    (Evidence.LIGHT_REFLECTION, Condition.LIGHT),
    (Evidence.CONTINUITY, Condition.ALWAYS),
)

# What is answered when required evidence is missing or could not be measured.
REASON_WHEN_UNMEASURED: dict[Evidence, Reason] = {
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
}

# Recognition is last: it alone writes.
VERIFIER_ORDER: tuple[VerifierName, ...] = (
    VerifierName.LIVENESS,
    VerifierName.AGE,
    VerifierName.GENDER,
    VerifierName.FACE_RECOGNITION,
)


@dataclass(frozen=True, slots=True)
class _Stop:
    """The first thing that went wrong."""

    reason: Reason
    verifier: VerifierName | None
    """None: the capture itself; counted to the first required verifier."""


def decide(findings: Sequence[Finding], requirements: Requirements, policy: Policy) -> Decision:
    """Judge findings against requirements; without findings only an attempt that requires nothing could pass.

    A session whose recognition has not run yet is judged with `dataclasses.replace(requirements,
    recognition=None)`. An uncertain comparison gives `Outcome.REVIEW`, with recognition `not_executed`
    and the note `enrol_on_approval`. Two findings of one kind contradict each other: neither counts.
    """
    by_evidence = _by_evidence(findings)
    stop = next(_stops(by_evidence, requirements, policy), None)
    answer = RecognitionAnswer()
    if stop is None:
        answer = judge_faces(
            by_evidence.get(Evidence.BLOCK_LIST),
            requirements.block_list,
            by_evidence.get(Evidence.FACE_COMPARISON),
            requirements.recognition,
        )
        stop = _Stop(answer.reason, VerifierName.FACE_RECOGNITION) if answer.reason else None
    lines = _lines(stop, requirements)
    return Decision(
        outcome=_outcome(stop),
        reason=stop.reason if stop else None,
        verifiers=lines,
        age_years=_age_years(by_evidence.get(Evidence.AGE), _ran(VerifierName.AGE, stop, lines)),
        gender=_gender(by_evidence.get(Evidence.GENDER), _ran(VerifierName.GENDER, stop, lines), policy),
        enrol=stop is None and answer.enrol,
        notes=_notes(by_evidence, requirements, policy, answer),
    )


def _by_evidence(findings: Sequence[Finding]) -> dict[Evidence, Finding]:
    counts = Counter(finding.evidence for finding in findings)
    return {finding.evidence: finding for finding in findings if counts[finding.evidence] == 1}


def _stops(findings: dict[Evidence, Finding], requirements: Requirements, policy: Policy) -> Iterator[_Stop]:
    """Yield what stands against passing, in the order in which it is answered, recognition apart."""
    for evidence, condition in REQUIRED_EVIDENCE:
        if condition.holds(requirements):
            reason = _judge_evidence(findings.get(evidence), evidence, requirements, policy)
            if reason is not None:
                yield _Stop(reason, None)
    if requirements.age is not None:
        reason = _judge_age(findings.get(Evidence.AGE), requirements.age)
        if reason is not None:
            yield _Stop(reason, VerifierName.AGE)
    if requirements.gender and not _measurable(findings.get(Evidence.GENDER)):
        yield _Stop(REASON_WHEN_UNMEASURED[Evidence.GENDER], VerifierName.GENDER)


def _judge_evidence(
    finding: Finding | None, evidence: Evidence, requirements: Requirements, policy: Policy
) -> Reason | None:
    """Return why one required evidence does not pass; None when it does."""
    if finding is None or not _measurable(finding):
        return REASON_WHEN_UNMEASURED[evidence]
    limits = list(_limits(finding, requirements, policy))
    if not any(limit.measure == "score" for limit in limits):
        # No number was measured for this model: nothing can be concluded from its score.
        return REASON_WHEN_UNMEASURED[evidence]
    return next((reason for limit in limits if (reason := _judge_limit(limit, finding)) is not None), None)


def _limits(finding: Finding, requirements: Requirements, policy: Policy) -> Iterator[Limit]:
    return (
        limit
        for limit in policy.limits
        if limit.evidence is finding.evidence and limit.when.holds(requirements) and limit.applies_to(finding)
    )


def _judge_limit(limit: Limit, finding: Finding) -> Reason | None:
    value = limit.measured(finding)
    if value is None:
        return REASON_WHEN_UNMEASURED[limit.evidence]
    return None if limit.allows(value) else limit.reason


def _judge_age(finding: Finding | None, required: AgeRequirement) -> Reason | None:
    """Return why the age does not pass.

    The buffer lies on the side of those who pass: `Above 18` with buffer 2 passes from 20, is uncertain
    from 18 and under age below; `Below 18` with buffer 2 passes under 16 and is uncertain under 18.
    """
    if finding is None or not _measurable(finding) or finding.score is None:
        return REASON_WHEN_UNMEASURED[Evidence.AGE]
    if required.threshold is None:
        return None
    # How far on the right side; exactly on the line passes above it and not below it.
    margin = finding.score - required.threshold if required.above else required.threshold - finding.score
    passes = margin >= required.buffer if required.above else margin > required.buffer
    if passes:
        return None
    if margin > 0 or (required.above and margin == 0):
        return Reason.AGE_UNCERTAIN
    return Reason.UNDERAGE if required.above else Reason.AGE_OUT_OF_RANGE


def _measurable(finding: Finding | None) -> bool:
    return finding is not None and finding.score is not None and math.isfinite(finding.score)


def _outcome(stop: _Stop | None) -> Outcome:
    if stop is None:
        return Outcome.PASSED
    return Outcome.REVIEW if stop.reason is Reason.REVIEW_PENDING else Outcome.FAILED


def required_verifiers(requirements: Requirements) -> tuple[VerifierName, ...]:
    """Return the verifiers that have a line in the result, in the order in which they run."""
    required = {
        VerifierName.LIVENESS: requirements.liveness is not None,
        VerifierName.AGE: requirements.age is not None,
        VerifierName.GENDER: requirements.gender,
        VerifierName.FACE_RECOGNITION: requirements.recognition is not None,
    }
    return tuple(name for name in VERIFIER_ORDER if required[name])


def _lines(stop: _Stop | None, requirements: Requirements) -> dict[VerifierName, VerifierResult]:
    names = required_verifiers(requirements)
    if stop is None or not names:
        return dict.fromkeys(names, VerifierResult.PASSED)
    stopped = names.index(stop.verifier) if stop.verifier in names else 0
    pending = stop.reason is Reason.REVIEW_PENDING
    at_stop = VerifierResult.NOT_EXECUTED if pending else VerifierResult.FAILED
    results = [VerifierResult.PASSED] * stopped + [at_stop]
    results += [VerifierResult.NOT_EXECUTED] * (len(names) - len(results))
    return dict(zip(names, results, strict=True))


def _ran(name: VerifierName, stop: _Stop | None, lines: dict[VerifierName, VerifierResult]) -> bool:
    """Tell whether a verifier came to an answer of its own."""
    return lines.get(name) is VerifierResult.PASSED or (stop is not None and stop.verifier is name)


def _age_years(finding: Finding | None, ran: bool) -> int | None:
    """Return completed years, as people count them: whoever is told 18 has passed 18."""
    if not ran or finding is None or finding.score is None or not math.isfinite(finding.score):
        return None
    return math.floor(finding.score)


def _gender(finding: Finding | None, ran: bool, policy: Policy) -> str | None:
    if not ran or finding is None or finding.score is None:
        return None
    gender = finding.details.get("gender")
    return gender if finding.score >= policy.gender.value and isinstance(gender, str) else None


def _notes(
    findings: dict[Evidence, Finding], requirements: Requirements, policy: Policy, answer: RecognitionAnswer
) -> dict[str, float | int | str | bool | None]:
    notes: dict[str, float | int | str | bool | None] = {
        limit.name: limit.value
        for finding in findings.values()
        for limit in _limits(finding, requirements, policy)
    }
    required = requirements.recognition
    if required is not None and math.isfinite(required.match_threshold):
        notes["match_threshold"] = required.match_threshold
        notes["search_threshold"] = required.search_threshold
        notes["review_threshold"] = required.review_threshold
    if requirements.block_list is not None:
        notes["block_threshold"] = requirements.block_list.block_threshold
        notes["block_review_threshold"] = requirements.block_list.review_threshold
    if answer.reason is Reason.REVIEW_PENDING:
        notes["enrol_on_approval"] = answer.enrol
    return notes
