"""Error rates of face recognition, measured by `flask evaluate recognition`."""

from collections.abc import Sequence
from typing import Any

from tests.benchmark.commands import ask, sets_of
from tests.benchmark.markdown import interval, number, percent, table
from tests.benchmark.section import Report, Run, Section, Target

PAIRS, IDENTITIES = "pairs.csv", "identities.csv"
TEMPLATE_SIZES = (1, 2, 3, 5)
# What the project promises: of templates of three photos.
PROMISED_SIZE, PROMISED_FMR, MAX_FNMR_PERCENT = 3, 1e-4, 1.0

INTRODUCTION = """Thresholds are never typed in: `flask calibrate recognition` derives them from labelled
pictures, and `config/calibration/` names the set, its date and the bounds. Bounds are 95 %, over people and
not over comparisons, because comparisons of one person are not independent."""


def measure(run: Run) -> Report:
    """Evaluate every set of pictures; templates at every size."""
    reports: dict[str, dict[str, Any]] = {}
    for folder in sets_of(run, "recognition", PAIRS, IDENTITIES):
        lists = {"--pairs": folder / PAIRS, "--identities": folder / IDENTITIES}
        given = [part for option, path in lists.items() if path.exists() for part in (option, path)]
        sizes = [part for size in TEMPLATE_SIZES for part in ("--template-size", str(size))]
        report = ask("evaluate", "recognition", "--root", folder, *given, *sizes)
        templates = [part for name, part in report.items() if name != "pairs" and part is not None]
        reports[folder.name] = {"pairs": report["pairs"], "templates": templates}
    return {"sets": reports}


def render(report: Report) -> str:
    """Return the tables of each set."""
    parts = [INTRODUCTION]
    for name, each in report["sets"].items():
        parts += [f"### Set `{name}`", *([_pairs(each["pairs"])] if each["pairs"] else [])]
        parts += [_templates(templates) for templates in each["templates"]]
    return "\n\n".join(parts)


def targets(report: Report) -> Sequence[Target]:
    """Return the promised false non-match rate, set by set."""
    return [
        Target(
            f"false non-match rate at FMR {PROMISED_FMR:g}, templates of {PROMISED_SIZE}, set `{name}`",
            "%",
            MAX_FNMR_PERCENT,
            100 * point["fnmr"],
        )
        for name, each in report["sets"].items()
        for templates in each["templates"]
        for point in templates["operatingPoints"]
        if templates["size"] == PROMISED_SIZE and point["fmr"] == PROMISED_FMR
    ]


def _pairs(pairs: Report) -> str:
    rows = [
        [
            f"pairs of single photos ({pairs['n']}), {method}",
            percent(pairs[key]),
            interval(pairs.get(f"{key}95")),
        ]
        for key, method in (
            ("accuracy", "cross-validated"),
            ("accuracyAtShippedThreshold", "shipped threshold"),
        )
    ]
    rows.append(["pairs with a photo without a face (counted as wrong)", str(pairs["failedToAcquire"]), ""])
    return table(("measure", "accuracy", "95 % bounds"), rows)


def _templates(templates: Report) -> str:
    rows = [
        [
            f"{point['fmr']:.0e}",
            percent(point["fnmr"]),
            interval(point.get("fnmr95")),
            number(point["threshold"], 4),
        ]
        for point in templates["operatingPoints"]
    ]
    photos = "photo" if templates["size"] == 1 else "photos"
    heading = f"Templates of {templates['size']} {photos} on both sides, {templates['people']} people:"
    header = ("false match rate", "false non-match rate", "95 % bounds", "threshold")
    return "\n\n".join([heading, table(header, rows), *_shipped(templates.get("shippedThresholds", []))])


def _shipped(points: Sequence[Report]) -> list[str]:
    """Return the table of what the shipped thresholds do on these people, if it was measured."""
    rows = [
        [
            f"{point['configuredFmr']:.0e}",
            percent(point["fmr"], 4),
            interval(point.get("fmr95")),
            percent(point["fnmr"]),
            interval(point.get("fnmr95")),
        ]
        for point in points
    ]
    header = ("configured", "false match rate", "95 % bounds", "false non-match rate", "95 % bounds")
    return [f"At the shipped thresholds:\n\n{table(header, rows)}"] if rows else []


SECTION = Section("recognition", "Accuracy of recognition", measure, render, targets)
