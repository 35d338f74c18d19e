"""The age rule on both sides of its line."""

import pytest

from app.decision.types import AgeRequirement, Requirements
from app.vocabulary import Evidence, Outcome, Reason
from tests.unit.test_decide_required import changed, decided

ABOVE, BELOW = AgeRequirement(18, above=True, buffer=2), AgeRequirement(18, above=False, buffer=2)
EXACT = AgeRequirement(18, above=True)

CASES = [
    (ABOVE, 20.0, None),
    (ABOVE, 19.99, Reason.AGE_UNCERTAIN),
    (ABOVE, 18.0, Reason.AGE_UNCERTAIN),
    (ABOVE, 17.99, Reason.UNDERAGE),
    (EXACT, 18.0, None),
    (EXACT, 17.99, Reason.UNDERAGE),
    (BELOW, 15.99, None),
    (BELOW, 16.0, Reason.AGE_UNCERTAIN),
    (BELOW, 17.99, Reason.AGE_UNCERTAIN),
    (BELOW, 18.0, Reason.AGE_OUT_OF_RANGE),
    (AgeRequirement(), 3.0, None),
    (AgeRequirement(), float("nan"), Reason.LOW_QUALITY),
]


@pytest.mark.parametrize(("rule", "estimate", "reason"), CASES)
def test_the_age_rule(rule: AgeRequirement, estimate: float, reason: Reason | None) -> None:
    requirements = Requirements(None, None, rule, gender=False, fail_on_multiple_faces=False)
    decision = decided(changed(Evidence.AGE, score=estimate), requirements)
    assert decision.reason is reason
    assert (decision.outcome is Outcome.PASSED) == (reason is None)


def test_an_age_is_told_in_completed_years() -> None:
    requirements = Requirements(None, None, ABOVE, gender=False, fail_on_multiple_faces=False)
    assert decided(changed(Evidence.AGE, score=17.99), requirements).age_years == 17
