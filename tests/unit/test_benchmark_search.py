"""The command that measures the search, at its smallest, and the section written from its figures."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from app.commands import bench_peers
from app.commands.bench import FIGURES as PRINTED
from app.commands.bench import bench_commands
from app.commands.bench_population import BLOCK, Population
from app.commands.bench_scratch import NEIGHBOURS, PROBES, Scratch, Truth, recall_of
from app.db import Database
from app.errors import SettingsError
from tests.benchmark.sections import search

FIGURES = {
    "faces": 1_000_000, "recall": 1.0, "p50Ms": 9.0, "p95Ms": 12.5, "addMs": 5.0, "deleteMs": 80.0,
    "memoryMb": 300.0, "coldStartS": 4.0,
}  # fmt: skip
PEER = {
    "name": "graph 1.0", "faces": 1_000_000, "recall": 0.93, "p50Ms": 1.0, "p95Ms": 2.0, "addMs": 0.5,
    "memoryMb": 700.0, "buildS": 99.0,
}  # fmt: skip
SQLITE = {"engine": "sqlite", "probes": 200, **FIGURES, "growth": [FIGURES], "peers": [PEER]}
REPORT = {"sqlite": SQLITE, "postgresql": {**SQLITE, "engine": "postgresql"}, "pictures": True}


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    made = Scratch(Database(f"sqlite:///{tmp_path / 'faces.db'}"), tmp_path)
    made.grow(1000, lambda _: None)
    made.database.engine.dispose()
    return made


def test_the_command_measures_in_a_fresh_process_and_finds_everybody(tmp_path: Path) -> None:
    report_file, figures_file, picture = (tmp_path / name for name in ("report.json", "f.json", "growth.png"))
    outputs = ["--report", str(report_file), "--json", str(figures_file), "--plot", str(picture)]
    ran = CliRunner().invoke(bench_commands, ["search", "--faces", "1000", *outputs], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    printed, report = json.loads(ran.stdout), json.loads(report_file.read_text())
    assert printed == json.loads(figures_file.read_text())
    assert tuple(printed) == PRINTED
    assert (printed["faces"], printed["recall"]) == (1000, 1.0)
    assert all(report[name] > 0 for name in ("p50Ms", "p95Ms", "addMs", "deleteMs", "coldStartS"))
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_database_in_use_is_not_filled(scratch: Scratch, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="fills an empty one only"):
        Scratch(scratch.database, tmp_path)
    scratch.database.engine.dispose()


def test_a_plain_product_finds_everybody_too(scratch: Scratch, tmp_path: Path) -> None:
    figures = bench_peers.measure(str(scratch.database.engine.url), tmp_path, "numpy")
    assert figures["recall"] == 1.0
    scratch.database.engine.dispose()


def test_a_population_begins_the_same_whatever_its_size() -> None:
    people = Population(16)
    [(few_ids, few)] = people.blocks(0, 3)
    parts = list(people.blocks(0, BLOCK + 1))
    assert parts[0][0][:3] == few_ids
    np.testing.assert_array_equal(parts[0][1][:3], few)
    assert [len(ids) for ids, _ in parts] == [BLOCK, 1]
    np.testing.assert_allclose(np.linalg.norm(few, axis=1), 1.0, atol=1e-6)


def test_the_truth_is_what_comparing_with_everybody_gives() -> None:
    rng = np.random.default_rng(1)
    probes, faces = (rng.standard_normal((count, 8)).astype(np.float32) for count in (4, 300))
    truth, ids = Truth(probes), [str(number) for number in range(300)]
    for start in (0, 5, 150):
        stop = {0: 5, 5: 150, 150: 300}[start]
        truth.show(ids[start:stop], faces[start:stop])
    expected = np.argsort(-(probes.astype(np.float64) @ faces.T.astype(np.float64)), axis=1)[:, :NEIGHBOURS]
    assert truth.face_ids.tolist() == [[str(number) for number in row] for row in expected]
    assert recall_of(truth.face_ids.tolist(), truth.face_ids) == 1.0
    assert recall_of([[*row[1:], "nobody"] for row in truth.face_ids.tolist()], truth.face_ids) == 0.9


def test_half_of_the_probes_are_enrolled_people() -> None:
    people = Population(128)
    [(_, faces)] = people.blocks(0, 1000)
    best = (people.visits(PROBES) @ faces.T).max(axis=1)
    assert best[::2] == pytest.approx(0.98, abs=0.001)
    assert best[1::2].max() < 0.97


def test_a_million_faces_are_held_to_the_limits() -> None:
    assert [target.verdict for target in search.targets(REPORT)] == ["met"] * 6
    slow = {**REPORT, "sqlite": {**SQLITE, "p95Ms": 26.0, "recall": 0.999}}
    assert [target.verdict for target in search.targets(slow)].count("**missed**") == 2
    assert search.targets({"sqlite": {**SQLITE, "faces": 1000}}) == []


def test_the_section_shows_growth_and_the_others_beside() -> None:
    text = search.render(REPORT)
    assert "| 1 000 000 | 100.00 % | 9.00 | 12.50 | 5.0 | 80.0 | 300 | 4.00 |" in text
    assert "| Visavis, PostgreSQL with pgvector, whole process | 100.00 % | 9.00 | 12.50 | 5.00 |" in text
    assert "| graph 1.0 | 93.00 % | 1.00 | 2.00 | 0.50 | 700 | 99.0 |" in text
    assert "static/docs/search-postgresql.png" in text


def test_what_was_not_measured_beside_is_left_out() -> None:
    alone = {"sqlite": {**SQLITE, "peers": []}, "pictures": False, "note": "Measured in the dark."}
    text = search.render(alone)
    assert "### Compared" not in text
    assert "PostgreSQL" not in text
    assert text.endswith("Measured in the dark.")
