"""The report counts errors, bounds them and says where they come from."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from app.evaluation.challenge import ChallengeReport, ChallengeRow, render_markdown, table_rows
from app.evaluation.challenge_pictures import draw_challenge


@dataclass(frozen=True)
class Told:
    passed: bool
    reason: str | None = None
    seconds: float = 8.0
    without_light: str | None = None
    limits: tuple[str, ...] = ()
    head: str = "somebody"
    person: int = 0


def report() -> ChallengeReport:
    people = [Told(True)] * 98 + [Told(False, "liveness_failed", limits=("no_sheet",))] * 2
    attacks = [Told(False, "liveness_failed", limits=("light_followed", "no_sheet"))] * 299 + [
        Told(True, without_light="too_bright")
    ]
    return ChallengeReport(
        tier="measurements",
        seed=7,
        cameras=48,
        heads=13,
        people=11,
        rows=[
            ChallengeRow("bona-fide", "cooperative person", "Advanced", True, people),
            ChallengeRow("replay", "replay of a passed session", "Advanced", False, attacks),
        ],
    )


def test_people_count_when_refused_and_attacks_when_accepted() -> None:
    assert [row.errors for row in report().rows] == [2, 1]
    assert [row.rate for row in report().rows] == [pytest.approx(0.02), pytest.approx(1 / 300)]


def test_bounds_are_exact() -> None:
    low, high = report().rows[1].bounds
    assert low == pytest.approx(0.0000844, rel=0.01)
    assert high == pytest.approx(0.01844, rel=0.01)


def test_every_output_says_which_tier_it_is_of() -> None:
    assert report().to_json()["tier"] == "measurements"
    assert "`measurements`" in render_markdown(report())


def test_the_table_names_what_stood_against_an_attack() -> None:
    assert table_rows(report())[1][-1] == "light_followed 100%, no_sheet 100%"


def test_passes_without_light_are_told_apart() -> None:
    assert report().rows[1].to_json()["errorsWithoutLight"] == 1


def test_markdown_is_one_table_below_one_sentence() -> None:
    lines = render_markdown(report()).splitlines()
    assert [line.count("|") for line in lines[2:]] == [8, 8, 8, 8]


def test_the_picture_is_a_file(tmp_path: Path) -> None:
    assert draw_challenge(tmp_path / "new" / "rates.png", report()).stat().st_size > 5000
