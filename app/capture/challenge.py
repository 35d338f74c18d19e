"""The movement challenge: targets drawn by the server before the first frame, told one at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, Self, TypeVar

from app.pipeline.movement import NODS, TURNS
from app.vocabulary import ChallengeAction, ChallengeType

T = TypeVar("T")

# Balanced: 3 of 6 without equal neighbours, with a turn and with a nod: 150 − 36 − 36 + 2 = 80 sequences,
# 6.3 bits. A recording that moves at random obeys all three in about 1 of 80 attempts, and attempts are few
# (`maxAttempts`, attempt limits). A turn and a nod together are what tells a head from a bent photo: see
# `solid_head`.
TARGETS_OF_LEVEL: dict[ChallengeType, int] = {
    ChallengeType.BASIC: 0,
    ChallengeType.BALANCED: 3,
    ChallengeType.ADVANCED: 4,
}
# One mistake is forgiven, at the price of one target more than was missed: people mix up left and right.
TARGETS_AFTER_MISS = 2


class Randomness(Protocol):
    """The part of `random.Random` that is used; `secrets.SystemRandom` in production."""

    def choice(self, seq: Sequence[T], /) -> T:
        """Return one element, each equally likely."""
        ...


@dataclass(frozen=True, slots=True)
class Challenge:
    """The whole challenge. Secret until released: it rests sealed in the database."""

    level: ChallengeType
    targets: tuple[ChallengeAction, ...]
    spares: tuple[ChallengeAction, ...]
    """Follow the targets when one of them was missed."""

    def sequence(self, misses: int) -> tuple[ChallengeAction, ...]:
        """Return everything that is to be released, given how many targets were missed so far."""
        return self.targets + (self.spares if misses else ())

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `from_json`."""
        return {"level": self.level, "targets": list(self.targets), "spares": list(self.spares)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Read what `to_json` made; `ValueError` or `KeyError` when it is anything else."""
        return cls(
            level=ChallengeType(document["level"]),
            targets=tuple(ChallengeAction(name) for name in document["targets"]),
            spares=tuple(ChallengeAction(name) for name in document["spares"]),
        )


def prepare(rng: Randomness, level: ChallengeType | None) -> Challenge:
    """Draw a challenge; None = liveness is off and nothing is asked.

    Every admissible sequence is equally likely: whole sequences are drawn and inadmissible ones dropped.
    """
    count = TARGETS_OF_LEVEL[level] if level else 0
    if not count:
        return Challenge(level or ChallengeType.BASIC, (), ())
    while True:
        drawn = tuple(rng.choice(tuple(ChallengeAction)) for _ in range(count + TARGETS_AFTER_MISS))
        if _admissible(drawn, count):
            return Challenge(level or ChallengeType.BASIC, drawn[:count], drawn[count:])


def _admissible(drawn: tuple[ChallengeAction, ...], count: int) -> bool:
    neighbours_differ = all(a is not b for a, b in pairwise(drawn))
    parts = set(drawn[:count]), set(drawn[count:])
    return neighbours_differ and all(kind & part for kind in (TURNS, NODS) for part in parts)
