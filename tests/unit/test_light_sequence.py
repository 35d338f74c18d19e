"""The colours of the light challenge: fair to draw, and harmless to look at."""

import random
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from app.pipeline.flashing import flashes_at_most, is_safe
from app.pipeline.light import (
    BASE,
    DURATIONS_MS,
    PALETTE,
    SPARE_STEPS,
    STEPS,
    LightStep,
    draw_colour_numbers,
    draw_light,
    relative_luminance,
)


def test_a_hundred_thousand_sequences_keep_to_wcag_2_3_1() -> None:
    """The worst of them has no flash at all: the palette has one luminance and no saturated red."""
    rng = random.Random(1)
    assert max(flashes_at_most(drawn_with_spares(rng), BASE) for _ in range(100_000)) == 0


def drawn_with_spares(rng: random.Random) -> tuple[LightStep, ...]:
    steps = draw_light(rng)
    return steps + draw_light(rng, SPARE_STEPS, after=steps)


def test_every_pair_of_colours_that_can_follow_each_other_is_no_flash() -> None:
    pairs = [(one, other) for one in (*PALETTE, BASE) for other in (*PALETTE, BASE)]
    assert all(abs(relative_luminance(one) - relative_luminance(other)) < 0.05 for one, other in pairs)


def flicker(*colours: str, ms: int = 100) -> list[LightStep]:
    return [LightStep(colour, ms) for colour in colours]


@pytest.mark.parametrize(
    ("steps", "flashes"),
    [
        (flicker("#000000", "#ffffff"), 2),
        (flicker(*["#000000", "#ffffff"] * 5), 6),
        (flicker(*["#ff0000", "#00b4b4"] * 5), 6),
        (flicker(*["#000000", "#ffffff"] * 5, ms=400), 2),
        (flicker("#c4c4c4", "#c6c6c6"), 0),
    ],
    ids=["one blink", "strobe", "red strobe", "slow", "same grey"],
)
def test_the_prover_counts_flashes(steps: list[LightStep], flashes: int) -> None:
    assert flashes_at_most(steps, BASE) == flashes
    assert is_safe(steps, BASE) is (flashes <= 3)


def test_no_colour_follows_itself_and_every_colour_may_come_first() -> None:
    drawn = [draw_light(random.Random(seed)) for seed in range(1200)]
    assert all(a.colour != b.colour for steps in drawn for a, b in pairwise(steps))
    firsts = Counter(steps[0].colour for steps in drawn)
    assert set(firsts) == set(PALETTE)
    assert min(firsts.values()) > 130


def test_a_sequence_has_eight_steps_of_a_third_of_a_second_and_takes_less_than_three_seconds() -> None:
    assert STEPS == 8
    assert all(300 <= ms <= 450 for ms in DURATIONS_MS)
    assert STEPS * max(DURATIONS_MS) < 3000


def test_decoys_come_from_the_distribution_of_the_real_sequences() -> None:
    drawn = draw_colour_numbers(20_000, 8, np.random.default_rng(2))
    assert drawn.shape == (20_000, STEPS)
    assert not (drawn[:, 1:] == drawn[:, :-1]).any()
    rng = random.Random(2)
    real = [[PALETTE.index(step.colour) for step in draw_light(rng)] for _ in range(20_000)]
    for step in range(STEPS):
        shares = [
            np.bincount(column, minlength=len(PALETTE)) / 20_000
            for column in (drawn[:, step], np.array(real)[:, step])
        ]
        assert shares[0] == pytest.approx(shares[1], abs=0.02)
