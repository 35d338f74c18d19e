"""The benchmark's document, written from made-up numbers: nothing is timed here."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from tests.benchmark import __main__ as benchmark
from tests.benchmark.document import compose, targets_of
from tests.benchmark.figures import DlibFigures, Machine, ServiceFigures, Timing, VisitFigures, percentile
from tests.benchmark.section import Report, Run, Section, Target, UnmeasuredError
from tests.benchmark.sections import (
    SECTIONS,
    age,
    challenge,
    detection,
    dlib,
    liveness,
    models,
    recognition,
    visits,
)
from tests.benchmark.store import RESULTS, Result, keep, kept

MACHINE = Machine("Abacus 9", 2, 4.0, "Linux x86_64", "3.11.0", {"numpy": "2.0.0"}, 0.0, "2025-01-02")
VISIT = VisitFigures("passed", frames=60, visit_s=7.0, service_s=1.5, verdict_ms=250.0)
ALONE = ServiceFigures([VISIT, VISIT], 1, 14.0, cpu_s=1.5, client_cpu_s=0.1, peak_rss_mb=[310.0, 320.0])
TOGETHER = ServiceFigures([VISIT] * 8, 4, 16.0, cpu_s=8.0, client_cpu_s=0.3, peak_rss_mb=[410.0, 420.0])
DLIB = DlibFigures("20.0.1", "with AVX", 40, 4.0, 50.0, 5.0, 60.0, 3.0, 30.0, 3e-7, 0.999999999)
PAIRS = {
    "n": 300, "accuracy": 0.99, "accuracy95": [0.9710, 0.9966], "accuracyAtShippedThreshold": 0.98,
    "accuracyAtShippedThreshold95": [0.95, 0.99], "failedToAcquire": 3,
}  # fmt: skip
TEMPLATES = {
    "size": 3, "people": 130,
    "operatingPoints": [{"fmr": 1e-4, "fnmr": 0.005, "fnmr95": [0.0, 0.02], "threshold": 0.964}],
}  # fmt: skip
RECOGNITION = {"sets": {"faces": {"pairs": PAIRS, "templates": [TEMPLATES]}}}
AGE = {
    "n": 500,
    "mae": 4.6,
    "maeByBand": {"0-12": 5.0, "13-17": None},
    "genderAccuracy": 0.93,
    "genderAccuracyFrom16": 0.97,
}
DETECTION = {
    "n": 150, "exactCount": 0.9, "exactCount95": [0.5, 0.95], "emptyScenesClean": 1.0, "emptyScenes": 107,
}  # fmt: skip
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


def visiting(
    alone: ServiceFigures = ALONE, together: ServiceFigures = TOGETHER, **others: ServiceFigures
) -> dict[str, Any]:
    """Return what the section on visits keeps; the Advanced level is like the other unless told."""
    figures = {"alone": alone, "together": together, "advanced": alone, "advanced_together": together}
    return {"cores": 2} | {name: asdict(each) for name, each in (figures | others).items()}


def verdicts_of(report: Report) -> list[str]:
    return [target.verdict for target in visits.targets(report)]


def made_up(name: str, report: Mapping[str, Any] | None) -> Section:
    """Return a section that measures just that, or nothing."""

    def measure(run: Run) -> Report:
        if report is None:
            raise UnmeasuredError("it needs a camel")
        return {**report, "quick": run.quick}

    return Section(name, f"About {name}", measure, lambda kept: f"{name}: {kept['value']}")


def test_targets_compare_what_was_measured_with_the_limit() -> None:
    assert [target.measured for target in visits.targets(visiting())] == [0.75, 0.75, 0.25, 0.25, 420.0]
    assert verdicts_of(visiting()) == ["met"] * 5


def test_a_missed_target_is_said_aloud() -> None:
    slow = [replace(VISIT, verdict_ms=1001.0)] * 8
    report = visiting(replace(ALONE, cpu_s=1.7), replace(TOGETHER, visits=slow, peak_rss_mb=[601.0]))
    assert verdicts_of(report) == ["**missed**"] * 5
    assert compose([(visits.SECTION, Result(MACHINE, report))]).count("**missed**") == 5


def test_what_could_not_be_measured_is_not_called_met() -> None:
    blind = replace(ALONE, visits=[], cpu_s=None, peak_rss_mb=[])
    report = visiting(blind, replace(blind, at_once=4))
    assert verdicts_of(report) == ["not measured"] * 5
    assert "sessions per minute | 0.0" in visits.render(report)


def test_a_failed_visit_is_reported_and_its_times_are_not_used() -> None:
    failed = VisitFigures("liveness_failed", frames=10, visit_s=1.0, service_s=0.1, verdict_ms=1.0)
    text = visits.render(visiting(together=replace(TOGETHER, visits=[*TOGETHER.visits, failed])))
    assert "8 of 9 visits passed. The others: liveness_failed." in text
    assert "p50 | 250 ms" in text


def test_models_are_listed_with_what_they_are() -> None:
    embedding = asdict(Timing("embedding", 10.0, 9.5, 100, "dlib-resnet29-v1"))
    text = models.render({"models": [embedding], "frame": [asdict(Timing("decode", 0.8, 0.7, 500))]})
    assert "| embedding | 10.00 | 9.50 | 100 | dlib-resnet29-v1 |" in text


def test_dlib_is_compared() -> None:
    assert "| one chip at a time, ms | 5.00 | 60.00 | 12.0 |" in dlib.render(asdict(DLIB))


def test_recognition_is_written_with_bounds_and_held_to_its_promise() -> None:
    text = recognition.render(RECOGNITION)
    assert "| pairs of single photos (300), cross-validated | 99.00 % | 97.10 % … 99.66 % |" in text
    assert "| 1e-04 | 0.50 % | 0.00 % … 2.00 % | 0.9640 |" in text
    [promise] = recognition.targets(RECOGNITION)
    assert (promise.measured, promise.verdict) == (0.5, "met")


def test_age_and_detection_are_written_with_bounds() -> None:
    assert "| 13-17 years | – |" in age.render(AGE)
    assert "photos counted exactly (150) | 90.00 % | 50.00 % … 95.00 %" in detection.render(DETECTION)


def test_liveness_is_written_by_kind_of_attack() -> None:
    text = liveness.render({"sets": {"stills": LIVENESS, "videos": {**LIVENESS, "model": "net-2"}}})
    assert "### Set `stills`\n\nArea under the ROC curve 0.900 over 30 presentations; 2 more" in text
    assert "2 more could not be scored (print 2). At the shipped threshold 0.5:" in text
    assert "| live refused (BPCER) (10) | 10.00 % |  |" in text
    assert "| print accepted (APCER) (12) | 25.00 % | 5.00 % … 57.00 % |" in text
    assert "| 5.00 % | 0.400 | 20.00 % | 30.00 % |" in text
    assert "### Set `videos`\n\nModel `net-2`." in text


def test_a_list_without_live_people_or_attacks_is_written_too() -> None:
    report = {"sets": {"stills": LIVENESS | {"auc": None, "apcer": {}, "bpcer": None}}}
    assert "curve – over 30 presentations" in liveness.render(report)


def test_a_busy_machine_is_not_kept_secret() -> None:
    section, busy = made_up("speed", {}), replace(MACHINE, load_before=3.0)
    assert "Other work shared the processor" in compose([(section, Result(busy, {"value": 1}))])
    assert "Other work shared the processor" not in compose([(section, Result(MACHINE, {"value": 1}))])


def test_a_quick_run_says_that_its_numbers_mean_little() -> None:
    section = made_up("speed", {})
    assert "quick run" in compose([(section, Result(MACHINE, {"value": 1}, quick=True))])
    assert "quick run" not in compose([(section, Result(MACHINE, {"value": 1}))])


def test_a_section_without_a_result_says_how_to_get_one() -> None:
    document = compose([(made_up("speed", {}), None)])
    assert "## About speed\n\nNot measured yet: `python -m tests.benchmark --only speed`." in document
    assert "## Targets" not in document


def test_every_section_tells_its_targets() -> None:
    section = replace(made_up("speed", {}), targets=lambda kept: [Target("lag", "s", 2.0, kept["value"])])
    everything = [(section, Result(MACHINE, {"value": 1.5})), (made_up("size", {}), None)]
    assert [target.row() for target in targets_of(everything)] == [["lag", "≤ 2 s", "1.50 s", "met"]]
    assert "| lag | ≤ 2 s | 1.50 s | met |" in compose(everything)


def test_a_result_is_kept_as_it_was_measured(tmp_path: Path) -> None:
    result = Result(MACHINE, {"value": [1, None, "é"]}, quick=True)
    keep(tmp_path / "new", made_up("speed", {}), result)
    assert kept(tmp_path / "new", made_up("speed", {})) == result
    assert kept(tmp_path, made_up("speed", {})) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"machine": {}, "report": {}, "quick": false}'])
def test_what_is_no_result_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "speed.json").write_text(content)
    with pytest.raises(ValueError, match=r"speed\.json"):
        kept(tmp_path, made_up("speed", {}))


def test_one_section_is_measured_again_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sections = (made_up("speed", {"value": 2}), made_up("size", {"value": 3}), made_up("camels", None))
    monkeypatch.setattr(benchmark, "SECTIONS", sections)
    keep(tmp_path, sections[1], Result(MACHINE, {"value": 7}))
    document = tmp_path / "BENCHMARKS.md"
    common = ["--results", str(tmp_path), "--output", str(document)]
    assert benchmark.main(["--only", "speed", *common]) == 0
    assert "speed: 2" in document.read_text()
    assert "size: 7" in document.read_text()
    assert benchmark.main(["--only", "camels", *common]) == 1
    assert benchmark.main(common) == 0
    assert "size: 3" in document.read_text()


def test_what_is_kept_in_the_repository_can_be_written() -> None:
    compose([(section, kept(RESULTS, section)) for section in SECTIONS])


def test_a_percentile_is_a_value_that_was_seen() -> None:
    values = [float(value) for value in range(1, 21)]
    assert [percentile(values, share) for share in (0.5, 0.95, 1.0)] == [10.0, 19.0, 20.0]
    assert percentile([7.0], 0.95) == 7.0


def _presentation(species: str, level: str, errors: int, measure: str = "APCER") -> dict[str, object]:
    return {
        "species": species,
        "title": species,
        "level": level,
        "measure": measure,
        "n": 1000,
        "errors": errors,
        "rate": errors / 1000,
        "rate95": [0.0, 0.01],
        "withoutLight": 0,
        "medianSeconds": 7.0,
    }


def test_the_challenge_is_held_to_its_worst_species_but_not_to_what_it_cannot_stop() -> None:
    rows = [
        _presentation("bona-fide", "Advanced", 31, "BPCER"),
        _presentation("replay", "Advanced", 1),
        _presentation("relay-100", "Advanced", 300),
        _presentation("replay", "Balanced", 9),
    ]
    report = {"tier": "measurements", "seed": 1, "cameras": 48, "heads": 9, "people": 8, "rows": rows}
    filmed = report | {"tier": "pixels", "rows": [_presentation("replay", "Advanced", 0)]}
    verdicts = [target.verdict for target in challenge.targets(report | {"rendered": filmed})]
    assert verdicts == ["**missed**", "**missed**", "met", "met"]
    written = challenge.render(report | {"rendered": filmed})
    assert "`relay-100` is among what the challenge does not stop" in written
    assert "tier `pixels`" in written
