"""The light part of a challenge on the hosted page, and how people are spared it."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

from app.pipeline.light import BASE, PALETTE, relative_luminance
from tests.browser.page_harness import Json, Script, challenge, outcome, shine, status
from tests.browser.page_visit import ready, visit

ADVANCED = {"challenge": {"level": "Advanced", "flashing": True}}
STEP_MS = 200
# Each colour that the whole page takes, with the moment, as the stylesheet sees it.
DIARY = """
    window.diary = [];
    new MutationObserver(() => {
      const colour = document.documentElement.style.getPropertyValue("--visavis-light");
      if (colour === (diary.at(-1)?.colour ?? "")) return;
      diary.push({ colour, at: performance.now(), page: getComputedStyle(document.body).backgroundColor });
      document.documentElement.dataset.diary = diary.map((entry) => entry.colour || "none").join(" ");
    }).observe(document, { attributes: true, subtree: true, attributeFilter: ["style"] });
"""


def advanced(*frames: Json) -> Script:
    """Return a script of the Advanced level that answers to frames like this."""
    script = ready(frames=list(frames))
    script.page |= ADVANCED
    return script


def rgb(colour: str) -> str:
    """Return `#rrggbb` as a computed style says it."""
    return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


def reported(batches: list[Json]) -> list[Json]:
    """Return what the batches say was shown, in order."""
    return [step for batch in batches for step in batch.get("shown", [])]


def wait_for_colours(page: Page, *colours: str) -> None:
    """Wait until the page has taken exactly these colours so far; `none` is the end of the light."""
    page.wait_for_selector(f"html[data-diary='{' '.join(colours)}']")


def wait_for_batches(page: Page, count: int = 2) -> None:
    """Let a few more batches be answered."""
    for _ in range(count):
        with page.expect_response("**/frames"):
            pass


def picture_of(page: Page) -> NDArray[np.uint8]:
    """Return what is on the screen, BGR."""
    seen = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert seen is not None
    return seen.astype(np.uint8)


def test_the_page_takes_each_colour_in_its_order_and_for_its_time_and_reports_it_once(
    browser: Browser,
) -> None:
    colours = PALETTE[:5]
    early, late = shine(*colours[:2], ms=STEP_MS, last=False), shine(*colours, ms=STEP_MS, last=True)
    script = advanced(challenge(2, "look_left", 0.5), early, late)
    with visit(browser, script, init=DIARY) as page:
        page.click("#start-camera")
        wait_for_colours(page, BASE, *colours, BASE)
        wait_for_batches(page)
        diary: list[dict[str, Any]] = page.evaluate("diary")
        expect(page.locator("#instruction")).to_have_text("Look at the screen and hold still")
    assert [entry["page"] for entry in diary] == [rgb(entry["colour"]) for entry in diary]
    held = [later["at"] - entry["at"] for entry, later in pairwise(diary[1:])]
    assert min(held) > STEP_MS - 25
    assert max(held) < STEP_MS + 150
    shown = reported(script.bodies("frames"))
    assert [step["step"] for step in shown] == list(range(5))
    # Painted one picture of the screen after the change, by the clock of the frames.
    delays = np.diff([step["at"] for step in shown]) - np.diff([entry["at"] for entry in diary[1:-1]])
    assert np.abs(delays).max() < 100
    assert 0 < shown[0]["at"] < script.bodies("frames")[-1]["clientMs"][-1]
    assert script.bodies("start")[0]["light"] == "allowed"


def test_a_colour_stays_until_the_next_one_comes_and_nothing_else_moves(browser: Browser) -> None:
    script = advanced(shine(PALETTE[0], ms=STEP_MS, last=False))
    script.seconds_per_batch = 0.4
    with visit(browser, script, init=DIARY, color_scheme="dark") as page:
        page.click("#start-camera")
        wait_for_colours(page, BASE, PALETTE[0])
        wait_for_batches(page)
        held = picture_of(page)
        assert page.evaluate("document.getAnimations().length") == 0
        script.answers["frames"] = [shine(*PALETTE[:2], ms=STEP_MS, last=True)]
        wait_for_colours(page, BASE, *PALETTE[:2], BASE)
        script.answers["frames"] = [status()]
        wait_for_colours(page, BASE, *PALETTE[:2], BASE, "none")
        diary: list[dict[str, Any]] = page.evaluate("diary")
    assert diary[2]["at"] - diary[1]["at"] > 2 * STEP_MS
    red, green, blue = (int(PALETTE[0][i : i + 2], 16) for i in (1, 3, 5))
    shines = (held == (blue, green, red)).all(axis=2)
    assert shines[:, :12].all()
    assert shines[:, -12:].all()
    assert shines[200:260].mean() > 0.9  # the cover above the oval is as bright as the rest of the page
    # No picture is left out while each colour counts, however slow the way up.
    assert max(len(batch["clientMs"]) for batch in script.bodies("frames")) > 2


def test_what_a_refused_batch_said_about_the_colours_is_said_again(browser: Browser) -> None:
    lit = shine(*PALETTE[:3], ms=STEP_MS, last=True)
    script = advanced(lit)
    script.answers["status"] = [lit]
    script.refuse_shown = 2
    with visit(browser, script, init=DIARY) as page:
        page.click("#start-camera")
        wait_for_colours(page, BASE, *PALETTE[:3], BASE)
        wait_for_batches(page)
    taken = [batch for batch in script.bodies("frames") if batch not in script.refused]
    assert [step["step"] for step in reported(taken)] == [0, 1, 2]
    assert reported(script.refused[:1]) == reported(taken)[: len(reported(script.refused[:1]))]


def test_who_declines_flashing_colours_gets_none_and_the_server_is_told(browser: Browser) -> None:
    script = advanced(shine(*PALETTE, ms=STEP_MS, last=True))
    with visit(browser, script, init=DIARY) as page:
        expect(page.get_by_text("Hold still while the screen changes colour")).to_be_visible()
        page.get_by_role("switch", name="No flashing colours").check(force=True)
        expect(page.get_by_text("Follow a few more arrows", exact=True)).to_be_visible()
        expect(page.get_by_text("Hold still while the screen changes colour")).to_be_hidden()
        page.click("#start-camera")
        wait_for_batches(page, 6)
        assert page.evaluate("diary") == []
        script.page["state"] = "created"
        page.reload()
        expect(page.locator("#no-flashing")).to_be_checked()
    assert script.bodies("start")[0]["light"] == "declined"
    assert reported(script.bodies("frames")) == []


def test_a_device_that_asks_for_less_motion_declines_by_itself_and_the_page_says_so(browser: Browser) -> None:
    script = advanced(shine(*PALETTE, ms=STEP_MS, last=True))
    with visit(browser, script, init=DIARY, reduced_motion="reduce") as page:
        expect(page.get_by_text("Your device asks for less motion")).to_be_visible()
        expect(page.locator("#flash-warning")).to_be_hidden()
        page.click("#start-camera")
        wait_for_batches(page, 6)
        assert page.evaluate("diary") == []
    assert script.bodies("start")[0]["light"] == "reduced_motion"


def test_after_a_failed_attempt_the_colours_can_still_be_declined(browser: Browser) -> None:
    script = advanced(outcome("retry", "liveness_failed"), status())
    with visit(browser, script) as page:
        page.click("#start-camera")
        page.click("#try-otherwise")
        page.wait_for_selector("html[data-view=capture]")
        wait_for_batches(page, 1)
    assert [body["light"] for body in script.bodies("start")] == ["allowed", "declined"]


@pytest.mark.parametrize("level", ["Basic", "Balanced"])
def test_no_other_level_changes_the_colour_of_a_pixel(browser: Browser, level: str) -> None:
    script = ready(frames=[challenge(1, "look_left", 0.2)])
    script.page["challenge"] = {"level": level, "flashing": False}
    with visit(browser, script, init=DIARY) as page:
        assert page.locator("#no-flashing").count() == 0
        page.click("#start-camera")
        page.wait_for_selector("html[data-guidance=look_left]")
        before = picture_of(page)
        # Even a server gone astray cannot make this page flash.
        script.answers["frames"] = [shine(*PALETTE, ms=STEP_MS, last=False)]
        page.wait_for_selector("html[data-guidance=watch_light]")
        wait_for_batches(page, 4)
        during = picture_of(page)
        assert page.evaluate("diary") == []
    margin = np.s_[:, :12]  # beside everything that may change: words, picture, arrow
    assert (before[margin] == before[0, 0]).all()
    assert (during[margin] == before[margin]).all()
    assert "light" not in script.bodies("start")[0]


def test_sound_is_off_until_somebody_asks_for_it(browser: Browser) -> None:
    count = "window.opened = 0; window.AudioContext = class extends AudioContext {"
    count += " constructor() { super(); opened += 1; } };"
    script = ready(frames=[challenge(1, "look_left", 0.2), challenge(2, "look_up", 0.5)])
    with visit(browser, script, init=count) as page:
        page.click("#start-camera")
        page.wait_for_selector("html[data-step='2']")
        sound = page.get_by_role("button", name="Sound")
        expect(sound).to_have_attribute("aria-pressed", "false")
        assert page.evaluate("opened") == 0
        sound.click()
        expect(sound).to_have_attribute("aria-pressed", "true")
        assert page.evaluate("opened") == 1


@pytest.mark.parametrize("colour", [BASE, *PALETTE])
def test_words_can_be_read_on_every_colour(colour: str) -> None:
    stylesheet = (Path(__file__).parents[2] / "static" / "hosted" / "page.css").read_text(encoding="utf-8")
    lit = re.search(r"\[data-light\] \{(.*?)\}", stylesheet, re.DOTALL)
    assert lit
    inks = re.findall(r"--(?:ink|ink-soft|accent): (#[0-9a-f]{6});", lit[1])
    assert len(inks) == 3
    for ink in inks:
        assert (relative_luminance(colour) + 0.05) / (relative_luminance(ink) + 0.05) >= 4.5
