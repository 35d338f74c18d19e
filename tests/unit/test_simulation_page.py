"""The simulated page shows colours when the real one would, and says so."""

import numpy as np

from app.capture.light import BASE, LightStep
from app.simulation.page import LIGHT_LEAD_MS, SCREEN_PERIOD_MS, Answer, Network, Page
from app.vocabulary import Guidance

STEPS = (LightStep("#72d3ff", 300), LightStep("#eebf1f", 400), LightStep("#50dd6c", 300))


def told(steps: tuple[LightStep, ...] | None, last: bool = False) -> Answer:
    return Answer(Guidance.WATCH_LIGHT, 2, 2, steps, last)


def test_guidance_is_seen_from_its_arrival_on() -> None:
    page = Page()
    page.hear(Answer(Guidance.GOOD, 0, 3), 0.0)
    page.hear(Answer(Guidance.LOOK_LEFT, 1, 3), 500.0)
    assert [page.view(at).guidance for at in (499.0, 500.0)] == [Guidance.GOOD, Guidance.LOOK_LEFT]


def test_the_base_comes_before_the_first_colour_and_after_the_last() -> None:
    page = Page(display_ms=0.0)
    page.hear(told(STEPS, last=True), 1000.0)
    first = 1000.0 + LIGHT_LEAD_MS + SCREEN_PERIOD_MS
    seen = [page.view(at).colour for at in (999, 1010, first, first + 320, first + 730, first + 1100)]
    assert seen == [None, BASE, *(step.colour for step in STEPS), BASE]


def test_a_colour_that_comes_late_leaves_the_one_before_on_the_screen() -> None:
    page = Page(display_ms=0.0)
    page.hear(told(STEPS[:1]), 0.0)
    page.hear(told(STEPS[:2]), 2000.0)
    assert page.view(1900.0).colour == STEPS[0].colour
    assert page.view(2000.0 + SCREEN_PERIOD_MS).colour == STEPS[1].colour


def test_each_painted_step_is_reported_once_and_none_before_it_was_painted() -> None:
    page = Page()
    page.hear(told(STEPS, last=True), 0.0)
    reports = [page.report(at) for at in (100.0, 400.0, 410.0, 5000.0)]
    assert [[shown.step for shown in report] for report in reports] == [[], [0], [], [1, 2]]


def test_steps_are_shown_for_as_long_as_the_server_said() -> None:
    page = Page()
    page.hear(told(STEPS, last=True), 0.0)
    first, second, third = (shown.at_ms for shown in page.report(1e6))
    assert abs(second - first - 300) <= SCREEN_PERIOD_MS
    assert abs(third - second - 400) <= SCREEN_PERIOD_MS


def test_the_screen_goes_dark_when_the_light_is_over() -> None:
    page = Page(display_ms=0.0)
    page.hear(told(STEPS, last=True), 0.0)
    page.hear(Answer(Guidance.HOLD_STILL, 2, 2), 3000.0)
    assert page.view(3001.0).colour is None


def test_no_network_is_quicker_than_its_quickest_way() -> None:
    network, rng = Network(up_ms=50, down_ms=20, serving_ms=70), np.random.default_rng(1)
    ways = [network.ways(rng) for _ in range(50)]
    assert min(up for up, _ in ways) >= 20
    assert min(down for _, down in ways) >= 78
