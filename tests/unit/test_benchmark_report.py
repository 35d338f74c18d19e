"""The benchmark's document, written from made-up numbers: nothing is timed here."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmark.accuracy import MISSING, kept_accuracy, read_accuracy
from tests.benchmark.figures import (
    DlibFigures,
    Figures,
    Machine,
    ServiceFigures,
    Timing,
    VisitFigures,
    percentile,
)
from tests.benchmark.report import render, targets_of

MACHINE = Machine("Abacus 9", 2, 4.0, "Linux x86_64", "3.11.0", {"numpy": "2.0.0"}, 0.0, "2025-01-02")
VISIT = VisitFigures("passed", frames=60, visit_s=7.0, service_s=1.5, verdict_ms=250.0)
ALONE = ServiceFigures([VISIT, VISIT], 1, 14.0, cpu_s=1.5, client_cpu_s=0.1, peak_rss_mb=[310.0, 320.0])
TOGETHER = ServiceFigures([VISIT] * 8, 4, 16.0, cpu_s=8.0, client_cpu_s=0.3, peak_rss_mb=[410.0, 420.0])
DLIB = DlibFigures("20.0.1", "with AVX", 40, 4.0, 50.0, 5.0, 60.0, 3.0, 30.0, 3e-7, 0.999999999)
FIGURES = Figures(
    machine=MACHINE,
    models=[Timing("embedding", 10.0, 9.5, 100, "dlib-resnet29-v1")],
    frame=[Timing("decode", 0.8, 0.7, 500)],
    alone=ALONE,
    together=TOGETHER,
    advanced=ALONE,
    advanced_together=TOGETHER,
    dlib=DLIB,
)
RECOGNITION = {
    "pairs": {"n": 300, "accuracy": 0.99, "accuracyAtShippedThreshold": 0.98, "failedToAcquire": 3},
    "templates": {"size": 3, "operatingPoints": [{"fmr": 1e-5, "fnmr": 0.005, "threshold": 0.964}]},
}
AGE = {
    "n": 500,
    "mae": 4.6,
    "maeByBand": {"0-12": 5.0, "13-17": None},
    "genderAccuracy": 0.93,
    "genderAccuracyFrom16": 0.97,
}
DETECTION = {"n": 150, "exactCount": 0.9, "emptyScenesClean": 1.0}
LIVENESS = {
    "n": 30,
    "auc": 0.9,
    "threshold": 0.5,
    "bpcer": 0.1,
    "apcer": {"print": 0.25, "screen": 0.0},
    "notScored": 2,
    "live": 10,
    "attacks": {"print": 12, "screen": 8},
    "apcer95": {"print": [0.05, 0.57], "screen": [0.0, 0.37]},
    "notScoredByKind": {"print": 2},
    "operatingPoints": [{"bpcer": 0.05, "threshold": 0.4, "apcerAll": 0.2, "apcerWorst": 0.3}],
}
REPORTS = {"recognition": RECOGNITION, "age": AGE, "detection": DETECTION}


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """What `flask evaluate … --json` leaves behind."""
    for name, report in REPORTS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(report))
    return tmp_path


def verdicts_of(figures: Figures) -> list[str]:
    return [target.verdict for target in targets_of(figures)]


def test_targets_compare_what_was_measured_with_the_limit() -> None:
    assert [target.measured for target in targets_of(FIGURES)] == [0.75, 0.75, 0.25, 0.25, 420.0]
    assert verdicts_of(FIGURES) == ["met"] * 5


def test_a_missed_target_is_said_aloud() -> None:
    slow = [replace(VISIT, verdict_ms=1001.0)] * 8
    heavy = replace(TOGETHER, visits=slow, peak_rss_mb=[601.0])
    dear = replace(ALONE, cpu_s=1.7)
    figures = replace(FIGURES, alone=dear, together=heavy, advanced=dear, advanced_together=heavy)
    assert verdicts_of(figures) == ["**missed**"] * 5
    assert render(figures, "", "").count("**missed**") == 5


def test_what_could_not_be_measured_is_not_called_met() -> None:
    blind = replace(ALONE, visits=[], cpu_s=None, peak_rss_mb=[])
    four = replace(blind, at_once=4)
    figures = replace(FIGURES, alone=blind, together=four, advanced=blind, advanced_together=four)
    assert verdicts_of(figures) == ["not measured"] * 5
    assert "sessions per minute | 0.0" in render(figures, "", "")


def test_a_failed_visit_is_reported_and_its_times_are_not_used() -> None:
    failed = VisitFigures("liveness_failed", frames=10, visit_s=1.0, service_s=0.1, verdict_ms=1.0)
    figures = replace(FIGURES, together=replace(TOGETHER, visits=[*TOGETHER.visits, failed]))
    document = render(figures, "", "")
    assert "8 of 9 visits passed. The others: liveness_failed." in document
    assert "p50 | 250 ms" in document


def test_dlib_is_compared_or_its_absence_is_stated() -> None:
    assert "| one chip at a time, ms | 5.00 | 60.00 | 12.0 |" in render(FIGURES, "", "")
    assert "Not measured: no wheel." in render(replace(FIGURES, dlib="no wheel"), "", "")


def test_a_busy_machine_is_not_kept_secret() -> None:
    busy = replace(FIGURES, machine=replace(MACHINE, load_before=3.0))
    assert "Other work shared the processor" in render(busy, "", "")
    assert "Other work shared the processor" not in render(FIGURES, "", "")


def test_a_quick_run_says_that_its_numbers_mean_little() -> None:
    assert "quick run" in render(replace(FIGURES, quick=True), "", "")
    assert "quick run" not in render(FIGURES, "", "")


def test_accuracy_is_written_with_bounds(reports: Path) -> None:
    text = read_accuracy(reports)
    assert "| pairs of single photos (300), cross-validated | 99.00 % | 97.10 % … 99.66 % |" in text
    assert "| 1e-05 | 0.50 % |  | 0.9640 |" in text
    assert "| 13-17 years | – |" in text
    assert "photos counted exactly (150) | 90.00 % | 84.16 % … 93.85 %" in text


def test_accuracy_says_which_data_when_told(reports: Path) -> None:
    (reports / "about.json").write_text(json.dumps({"age": "Five hundred chips."}))
    assert "### Age\n\nFive hundred chips.\n\n" in read_accuracy(reports)


def test_the_bounds_that_an_evaluation_gives_are_kept(reports: Path) -> None:
    (reports / "detection.json").write_text(json.dumps(DETECTION | {"exactCount95": [0.5, 0.95]}))
    assert "90.00 % | 50.00 % … 95.00 %" in read_accuracy(reports)


def test_liveness_is_written_by_kind_of_attack_where_it_was_measured(reports: Path) -> None:
    assert "liveness" not in read_accuracy(reports)
    (reports / "liveness.json").write_text(json.dumps(LIVENESS))
    (reports / "liveness_plus_videos.json").write_text(json.dumps({**LIVENESS, "model": "net-2"}))
    text = read_accuracy(reports)
    assert (
        "### Passive liveness, stills\n\nArea under the ROC curve 0.900 over 30 presentations; 2 more" in text
    )
    assert "2 more could not be scored (print 2). At the shipped threshold 0.5:" in text
    assert "| live refused (BPCER) (10) | 10.00 % |  |" in text
    assert "| print accepted (APCER) (12) | 25.00 % | 5.00 % … 57.00 % |" in text
    assert "| 5.00 % | 0.400 | 20.00 % | 30.00 % |" in text
    assert "plus pack, videos\n\nModel `net-2`." in text


def test_a_list_without_live_people_or_attacks_is_written_too(reports: Path) -> None:
    (reports / "liveness.json").write_text(json.dumps(LIVENESS | {"auc": None, "apcer": {}, "bpcer": None}))
    assert "curve – over 30 presentations" in read_accuracy(reports)


def test_a_missing_report_is_named(reports: Path) -> None:
    (reports / "age.json").unlink()
    with pytest.raises(ValueError, match=r"age\.json"):
        read_accuracy(reports)


def test_accuracy_of_an_earlier_document_is_kept(reports: Path) -> None:
    accuracy = read_accuracy(reports)
    assert kept_accuracy(render(FIGURES, accuracy, "")) == accuracy
    assert kept_accuracy("# Another document") == MISSING


def test_a_percentile_is_a_value_that_was_seen() -> None:
    values = [float(value) for value in range(1, 21)]
    assert [percentile(values, share) for share in (0.5, 0.95, 1.0)] == [10.0, 19.0, 20.0]
    assert percentile([7.0], 0.95) == 7.0
