"""The section on accuracy, out of what `flask evaluate … --json` wrote."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.evaluation.intervals import wilson
from tests.benchmark.markdown import number, percent, table

BEGIN, END = "<!-- accuracy: begin -->", "<!-- accuracy: end -->"
MISSING = "Not measured yet."
# Optional beside the reports: which data each was measured on.
ABOUT = "about.json"

Report = Mapping[str, Any]


def read_accuracy(folder: Path) -> str:
    """Return the section made of `recognition.json`, `age.json` and `detection.json` in `folder`.

    Raises `ValueError` naming a file that is missing or no JSON.
    """
    about = _read(folder / ABOUT) if (folder / ABOUT).exists() else {}
    parts = {"recognition": _recognition, "age": _age, "detection": _detection}
    texts = [
        f"### {name.capitalize()}\n\n{_data_of(about, name)}{render(_read(folder / f'{name}.json'))}"
        for name, render in parts.items()
    ]
    return "\n\n".join(texts)


def kept_accuracy(document: str) -> str:
    """Return the section of an earlier document, or a sentence that says that there is none."""
    kept = document.partition(BEGIN)[2].partition(END)[0].strip()
    return kept or MISSING


def _read(path: Path) -> Report:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None
    if not isinstance(document, dict):
        raise ValueError(f"{path}: must be a JSON object")
    return document


def _data_of(about: Report, name: str) -> str:
    return f"{about[name]}\n\n" if name in about else ""


def _recognition(report: Report) -> str:
    pairs, templates = report.get("pairs"), report.get("templates")
    parts = [_pairs(pairs)] if pairs else []
    return "\n\n".join(parts + ([_templates(templates)] if templates else []))


def _pairs(pairs: Report) -> str:
    n = pairs["n"]
    rows = [
        [f"pairs of single photos ({n}), {method}", percent(pairs[key]), _bounds(pairs, key, pairs[key], n)]
        for key, method in (
            ("accuracy", "cross-validated"),
            ("accuracyAtShippedThreshold", "shipped threshold"),
        )
    ]
    rows.append(["pairs with a photo without a face (counted as wrong)", str(pairs["failedToAcquire"]), ""])
    return table(("measure", "accuracy", "95 % bounds"), rows)


def _templates(templates: Report) -> str:
    people = f", {templates['people']} people" if "people" in templates else ""
    rows = [
        [
            f"{point['fmr']:.0e}",
            percent(point["fnmr"]),
            _interval(point.get("fnmr95")),
            number(point["threshold"], 4),
        ]
        for point in templates["operatingPoints"]
    ]
    heading = f"Templates of {templates['size']} photos on both sides{people}:"
    parts = [
        f"{heading}\n\n"
        + table(("false match rate", "false non-match rate", "95 % bounds", "threshold"), rows)
    ]
    return "\n\n".join(parts + _shipped(templates.get("shippedThresholds", [])))


def _shipped(points: Sequence[Report]) -> list[str]:
    """Return the table of what the shipped thresholds do on these people, if it was measured."""
    if not points:
        return []
    rows = [
        [
            f"{point['configuredFmr']:.0e}",
            percent(point["fmr"], 4),
            _interval(point.get("fmr95")),
            percent(point["fnmr"]),
            _interval(point.get("fnmr95")),
        ]
        for point in points
    ]
    header = ("configured", "false match rate", "95 % bounds", "false non-match rate", "95 % bounds")
    return ["At the shipped thresholds:\n\n" + table(header, rows)]


def _age(report: Report) -> str:
    counts = report.get("nByBand", {})
    n = report["n"]
    rows = [[f"all ({n})", number(report["mae"], 2), _interval(report.get("mae95"), number)]]
    rows += [
        [f"{band} years" + (f" ({counts[band]})" if band in counts else ""), number(mae, 2), ""]
        for band, mae in report["maeByBand"].items()
    ]
    gender = (
        f"Gender: {percent(report['genderAccuracyFrom16'])} right from 16 years"
        f"{_in_brackets(report.get('genderAccuracyFrom16_95'))}, {percent(report['genderAccuracy'])} of all."
    )
    return table(("age", "mean absolute error, years", "95 % bounds"), rows) + f"\n\n{gender}"


def _detection(report: Report) -> str:
    n, empty = report["n"], report.get("emptyScenes")
    rows = [
        [
            f"photos counted exactly ({n})",
            percent(report["exactCount"]),
            _bounds(report, "exactCount", report["exactCount"], n),
        ],
        [
            "empty scenes without a face found" + (f" ({empty})" if empty is not None else ""),
            percent(report["emptyScenesClean"]),
            _interval(report.get("emptyScenesClean95")),
        ],
    ]
    return table(("measure", "share", "95 % bounds"), rows)


def _bounds(report: Report, key: str, share: float, n: int) -> str:
    return _interval(report.get(f"{key}95") or wilson(share * n, n))


def _interval(bounds: Sequence[float] | None, render: Any = percent) -> str:
    return "" if bounds is None else f"{render(bounds[0])} … {render(bounds[1])}"


def _in_brackets(bounds: Sequence[float] | None) -> str:
    return "" if bounds is None else f" (95 % bounds {_interval(bounds)})"
