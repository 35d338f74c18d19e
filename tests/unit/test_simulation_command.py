"""`flask evaluate challenge` from the command line, and how trials are shared among processes."""

import json
import multiprocessing
import queue
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.commands.evaluate_challenge import evaluate_challenge
from app.factory import ROOT
from app.simulation.attacks import SPECIES
from app.simulation.campaign import Campaign, _work, shared_out
from app.simulation.trials import BONA_FIDE, Tier
from app.vocabulary import ChallengeType
from tests.simulator.faces import DIRECTORY

LEVELS = (ChallengeType.BALANCED, ChallengeType.ADVANCED)


def campaign(*species: str, trials: int = 10) -> Campaign:
    return Campaign(
        DIRECTORY, ROOT / "models", ROOT, "mediapipe", Tier.MEASUREMENTS, 1, trials, LEVELS, species
    )


def test_a_species_stays_in_one_process_and_none_is_forgotten() -> None:
    whole = campaign(BONA_FIDE, *SPECIES)
    parts = shared_out(whole, 3)
    species = [{name for name, _ in groups} for groups, _ in parts]
    assert sorted(name for part in species for name in part) == sorted(whole.species)
    assert sorted(group for groups, _ in parts for group in groups) == sorted(whole.groups)


def test_the_trials_of_few_species_are_shared_out_themselves() -> None:
    numbers = [set(numbers) for _, numbers in shared_out(campaign("replay"), 3)]
    assert set.union(*numbers) == set(range(10))
    assert sum(map(len, numbers)) == 10


def test_a_wrong_light_is_no_attack_where_no_light_is_asked_for() -> None:
    assert campaign("shuffled-colours", "replay", trials=7).total == 21


class DeadParent:
    def is_alive(self) -> bool:
        return False


def test_a_process_whose_parent_was_killed_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    results: queue.Queue[object] = queue.Queue()
    monkeypatch.setattr(multiprocessing, "parent_process", DeadParent)
    few = Campaign(
        DIRECTORY,
        ROOT / "models",
        ROOT / "config" / "policy.toml",
        "mediapipe",
        Tier.MEASUREMENTS,
        1,
        trials=1000,
        levels=(ChallengeType.BASIC,),
        species=(BONA_FIDE,),
        max_heads=2,
    )
    _work(few, few.groups, range(few.trials), results)
    assert results.empty()


def test_the_command_measures_and_writes_every_file(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("figures.json", "table.md", "rates.png")}
    options = [
        "--trials",
        "1",
        "--level",
        "Balanced",
        "--species",
        "planar-warp",
        "--jobs",
        "1",
        "--heads",
        "2",
    ]
    places = ["--faces", DIRECTORY, "--config-dir", ROOT / "config", "--models-dir", ROOT / "models"]
    writes = [
        part
        for pair in zip(("--json", "--markdown", "--picture"), files.values(), strict=True)
        for part in pair
    ]
    done = CliRunner().invoke(evaluate_challenge, [str(each) for each in [*options, *places, *writes]])
    assert done.exit_code == 0, done.output
    assert "APCER 0.00%" in done.output
    [row] = json.loads(files["figures.json"].read_text())["rows"]
    assert (row["species"], row["n"], row["errors"]) == ("planar-warp", 1, 0)
    assert all(path.stat().st_size > 100 for path in files.values())


def test_an_unknown_species_is_one_clear_line() -> None:
    done = CliRunner().invoke(evaluate_challenge, ["--species", "hologram"])
    assert done.exit_code == 1
    assert "hologram is none of bona-fide" in done.output
