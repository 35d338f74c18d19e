"""Pages that an attacker sees otherwise than they are: later, earlier recorded, in other colours."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from app.capture.challenge import prepare
from app.capture.light import BASE, draw_light
from app.simulation.sight import Screen, View
from app.vocabulary import GUIDANCE_OF_ACTION, ChallengeType, Guidance

# A cooperative person before an ordinary camera needs about this long, seconds: to take position, for each
# target, to look back before the light and after it.
POSITIONING, TARGET, BACK = (1.0, 2.0), (1.2, 2.0), 1.0


@dataclass(frozen=True, slots=True)
class Changed:
    """A page of which every view is changed on its way."""

    screen: Screen
    change: Callable[[float, View], View]

    def view(self, at_ms: float) -> View:
        """Return the changed view."""
        return self.change(at_ms, self.screen.view(at_ms))


@dataclass(frozen=True, slots=True)
class Late:
    """A page that is seen this much later."""

    screen: Screen
    delay_ms: float

    def view(self, at_ms: float) -> View:
        """Return what was shown `delay_ms` before."""
        return self.screen.view(at_ms - self.delay_ms)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the page showed in another session, from its beginning on; then its end for ever."""

    since_ms: tuple[float, ...]
    views: tuple[View, ...]

    def view(self, at_ms: float) -> View:
        """Return what was shown then."""
        return self.views[max(0, bisect_right(self.since_ms, at_ms) - 1)]


def another_session(level: ChallengeType, rng: np.random.Generator) -> Recorded:
    """Make up the page of a session that somebody passed, with a challenge of its own."""
    draw = _Choice(rng)
    challenge = prepare(draw, level)
    at, since, views = 0.0, [0.0], [View(Guidance.GOOD)]
    at += float(rng.uniform(*POSITIONING))
    for step, action in enumerate(challenge.targets, 1):
        since.append(at)
        views.append(View(GUIDANCE_OF_ACTION[action], step, len(challenge.targets)))
        at += float(rng.uniform(*TARGET))
    quiet = replace(views[-1], guidance=Guidance.LOOK_STRAIGHT)
    since.append(at)
    views.append(quiet)
    at += BACK
    for colour, seconds in [(BASE, 0.3), *((step.colour, step.ms / 1000) for step in challenge.light)]:
        since.append(at)
        views.append(replace(quiet, guidance=Guidance.WATCH_LIGHT, colour=colour, lighting=True))
        at += seconds
    since.append(at)
    views.append(replace(quiet, guidance=Guidance.HOLD_STILL))
    return Recorded(tuple(1000 * second for second in since), tuple(views))


class OtherColours:
    """Another sequence of the same generator in place of the real one, beginning with it."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._steps = draw_light(_Choice(rng))
        self._begun: float | None = None

    def __call__(self, at_ms: float, view: View) -> View:
        """Return the view with the colour that the other sequence would show."""
        if not view.lighting:
            return view
        self._begun = at_ms if self._begun is None else self._begun
        elapsed = at_ms - self._begun
        for step in self._steps:
            if elapsed < step.ms:
                return replace(view, colour=step.colour)
            elapsed -= step.ms
        return replace(view, colour=BASE)


class _Choice:
    """The part of `random.Random` that challenges are drawn with."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def choice(self, seq):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        """Return one element, each equally likely."""
        return seq[int(self._rng.integers(len(seq)))]
