"""The random targets: drawn fairly, released one at a time, readable again."""

import json
import random
from collections import Counter
from itertools import pairwise

import pytest

from app.capture.challenge import Challenge, prepare
from app.pipeline.movement import NODS, TURNS
from app.vocabulary import ChallengeAction, ChallengeType

BALANCED = [prepare(random.Random(seed), ChallengeType.BALANCED) for seed in range(8000)]


@pytest.mark.parametrize(
    ("level", "count"),
    [(None, 0), (ChallengeType.BASIC, 0), (ChallengeType.BALANCED, 4), (ChallengeType.ADVANCED, 2)],
)
def test_each_level_has_its_number_of_targets(level: ChallengeType | None, count: int) -> None:
    assert len(prepare(random.Random(1), level).targets) == count


def test_no_target_follows_itself() -> None:
    for challenge in BALANCED:
        assert all(a is not b for a, b in pairwise(challenge.sequence(1)))


@pytest.mark.parametrize("kind", [TURNS, NODS], ids=["turn", "nod"])
def test_there_is_always_a_turn_and_a_nod_and_another_one_if_it_is_missed(
    kind: frozenset[ChallengeAction],
) -> None:
    for challenge in BALANCED:
        assert kind & set(challenge.targets)
        assert kind & set(challenge.spares)


def test_every_target_may_come_first() -> None:
    firsts = Counter(challenge.targets[0] for challenge in BALANCED)
    assert set(firsts) == set(ChallengeAction)
    assert min(firsts.values()) > 0.4 * len(BALANCED) / len(ChallengeAction)


def test_all_536_sequences_occur() -> None:
    assert len({challenge.targets for challenge in BALANCED}) == 536


def test_a_missed_target_makes_the_challenge_longer() -> None:
    challenge = BALANCED[0]
    assert challenge.sequence(0) == challenge.targets
    assert challenge.sequence(1) == challenge.targets + challenge.spares


def test_a_challenge_survives_being_sealed() -> None:
    challenge = BALANCED[0]
    assert Challenge.from_json(json.loads(json.dumps(challenge.to_json()))) == challenge


def test_a_challenge_with_an_unknown_target_does_not_open() -> None:
    document = BALANCED[0].to_json() | {"targets": ["backwards"]}
    with pytest.raises(ValueError, match="backwards"):
        Challenge.from_json(document)
