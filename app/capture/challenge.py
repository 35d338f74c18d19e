"""The challenge: targets and colours drawn by the server before the first frame, told one at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

from app.pipeline.light import SPARE_STEPS, LightStep, Randomness, draw_light
from app.pipeline.movement import NODS, TURNS
from app.vocabulary import ChallengeAction, ChallengePath, ChallengeType, PathReason

# Balanced: 4 of 6 without equal neighbours, with a turn and with a nod: 750 − 108 − 108 + 2 = 536 sequences,
# 9.1 bits. Three would be quicker by 1.2 s, but a recording obeys one of their 80 sequences in every 80th
# attempt. A turn and a nod together are what tells a head from a bent photo: see `solid_head`. Advanced: a
# turn and a nod, then 8 colours (18.8 bits); without the light 5 targets.
TARGETS_OF_LEVEL: dict[ChallengeType, int] = {
    ChallengeType.BASIC: 0,
    ChallengeType.BALANCED: 4,
    ChallengeType.ADVANCED: 2,
}
TARGETS_INSTEAD_OF_LIGHT = 3
# One mistake is forgiven, at the price of more targets than were missed: people mix up left and right. Four
# fifths of the targets must be obeyed, so that a shorter list costs one more.
TARGETS_AFTER_MISS: dict[ChallengeType, int] = {ChallengeType.BALANCED: 2, ChallengeType.ADVANCED: 3}


@dataclass(frozen=True, slots=True)
class Challenge:
    """The whole challenge. Secret until released: it rests sealed in the database."""

    level: ChallengeType
    targets: tuple[ChallengeAction, ...]
    spares: tuple[ChallengeAction, ...]
    """Follow the targets when one of them was missed."""
    substitutes: tuple[ChallengeAction, ...] = ()
    """Take the place of the light should the room turn out too bright for it."""
    light: tuple[LightStep, ...] = ()
    """Colours that the screen shows after the last target."""
    light_spares: tuple[LightStep, ...] = ()
    """Follow them when the answer to them leaves a doubt."""
    path: ChallengePath | None = None
    """Which way an Advanced challenge goes; None at the other levels."""
    path_reason: PathReason | None = None
    """Why it goes without light."""

    def sequence(self, misses: int) -> tuple[ChallengeAction, ...]:
        """Return everything that is to be released, given how many targets were missed so far."""
        return self.targets + (self.spares if misses else ())

    def without_light(self, reason: PathReason, misses: int) -> Self:
        """Return the challenge with targets in place of the light; what was released stays in its place."""
        return replace(
            self,
            targets=self.sequence(misses) + self.substitutes,
            spares=() if misses else self.spares,
            substitutes=(),
            light=(),
            light_spares=(),
            path=ChallengePath.MOVEMENT,
            path_reason=reason,
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `from_json`."""
        return {
            "level": self.level,
            "targets": list(self.targets),
            "spares": list(self.spares),
            "substitutes": list(self.substitutes),
            "light": [[step.colour, step.ms] for step in self.light],
            "light_spares": [[step.colour, step.ms] for step in self.light_spares],
            "path": self.path,
            "path_reason": self.path_reason,
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Read what `to_json` made; `ValueError` or `KeyError` when it is anything else."""
        return cls(
            level=ChallengeType(document["level"]),
            targets=tuple(ChallengeAction(name) for name in document["targets"]),
            spares=tuple(ChallengeAction(name) for name in document["spares"]),
            substitutes=tuple(ChallengeAction(name) for name in document["substitutes"]),
            light=tuple(LightStep(colour, ms) for colour, ms in document["light"]),
            light_spares=tuple(LightStep(colour, ms) for colour, ms in document["light_spares"]),
            path=None if document["path"] is None else ChallengePath(document["path"]),
            path_reason=None if document["path_reason"] is None else PathReason(document["path_reason"]),
        )


def prepare(rng: Randomness, level: ChallengeType | None, no_light: PathReason | None = None) -> Challenge:
    """Draw a challenge; level None = liveness is off and nothing is asked.

    `no_light`: why the person is not to see flashing colours; Advanced then takes the movement path. Every
    admissible sequence is equally likely: whole sequences are drawn and inadmissible ones dropped.
    """
    level = level or ChallengeType.BASIC
    if not TARGETS_OF_LEVEL[level]:
        return Challenge(level, (), ())
    challenge = _draw_targets(rng, level)
    if level is not ChallengeType.ADVANCED:
        return challenge
    if no_light is not None:
        return challenge.without_light(no_light, misses=0)
    light = draw_light(rng)
    spares = draw_light(rng, SPARE_STEPS, after=light)
    return replace(challenge, light=light, light_spares=spares, path=ChallengePath.LIGHT)


def _draw_targets(rng: Randomness, level: ChallengeType) -> Challenge:
    counts = [TARGETS_OF_LEVEL[level], TARGETS_AFTER_MISS[level]]
    counts.append(TARGETS_INSTEAD_OF_LIGHT if level is ChallengeType.ADVANCED else 0)
    while True:
        targets, spares, substitutes = (
            tuple(rng.choice(tuple(ChallengeAction)) for _ in range(count)) for count in counts
        )
        if _admissible(targets, spares, substitutes):
            return Challenge(level, targets, spares, substitutes)


def _admissible(*parts: Sequence[ChallengeAction]) -> bool:
    """Tell whether no target follows itself in any order of release, and each part has a turn and a nod."""
    targets, spares, substitutes = parts
    orders = [(*targets, *spares, *substitutes), (*targets, *substitutes, *spares)]
    neighbours_differ = all(a is not b for order in orders for a, b in pairwise(order))
    return neighbours_differ and all(
        kind & set(part) for kind in (TURNS, NODS) for part in (targets, spares, substitutes) if part
    )
