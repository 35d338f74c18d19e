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
# Reports of passive liveness, each where it was measured: file name → heading.
LIVENESS = {
    "liveness": "Passive liveness, stills",
    "liveness_videos": "Passive liveness, videos",
    "liveness_plus": "Passive liveness with the plus pack, stills",
    "liveness_plus_videos": "Passive liveness with the plus pack, videos",
}

Report = Mapping[str, Any]


def read_accuracy(folder: Path) -> str:
    """Return the section made of `recognition.json`, `age.json` and `detection.json` in `folder`.

    Those of `LIVENESS` that are there follow.

    Raises `ValueError` naming a file that is missing or no JSON.
    """
    about = _read(folder / ABOUT) if (folder / ABOUT).exists() else {}
    parts = {"recognition": _recognition, "age": _age, "detection": _detection}
    texts = [
        f"### {name.capitalize()}\n\n{_data_of(about, name)}{render(_read(folder / f'{name}.json'))}"
        for name, render in parts.items()
    ]
    texts += [
        f"### {heading}\n\n{_data_of(about, name)}{_liveness(_read(folder / f'{name}.json'))}"
        for name, heading in LIVENESS.items()
        if (folder / f"{name}.json").exists()
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


def _liveness(report: Report) -> str:
    """Return the errors at the shipped threshold by kind, and what they rest on."""
    attacks, apcer95 = report.get("attacks", {}), report.get("apcer95", {})
    live = f" ({report['live']})" if "live" in report else ""
    rows = [[f"live refused (BPCER){live}", percent(report["bpcer"]), _interval(report.get("bpcer95"))]]
    rows += [
        [
            f"{name} accepted (APCER)" + (f" ({attacks[name]})" if name in attacks else ""),
            percent(rate),
            _interval(apcer95.get(name)),
        ]
        for name, rate in report["apcer"].items()
    ]
    model = f"Model `{report['model']}`. " if "model" in report else ""
    summary = (
        f"{model}Area under the ROC curve {number(report['auc'], 3)}{_area_bounds(report)} over "
        f"{report['n']} presentations; {report['notScored']} more could not be scored{_kinds(report)}. "
        f"At the shipped threshold {report['threshold']:g}:"
    )
    return "\n\n".join([summary, table(("measure", "rate", "95 % bounds"), rows), *_points_of(report)])


def _area_bounds(report: Report) -> str:
    bounds = report.get("auc95")
    return "" if bounds is None else f" (95 % bounds {number(bounds[0], 3)} … {number(bounds[1], 3)})"


def _kinds(report: Report) -> str:
    kinds = ", ".join(f"{name} {count}" for name, count in report.get("notScoredByKind", {}).items())
    return f" ({kinds})" if kinds else ""


def _points_of(report: Report) -> list[str]:
    """Return the table of thresholds chosen on the same presentations, if there is one."""
    rows = [
        [
            percent(point["bpcer"]),
            number(point["threshold"], 3),
            percent(point["apcerAll"]),
            percent(point["apcerWorst"]),
        ]
        for point in report.get("operatingPoints", [])
    ]
    header = ("live refused", "threshold", "attacks accepted", "of the worst species")
    lead = "Other thresholds, chosen on the same presentations and therefore too good for others:"
    return [f"{lead}\n\n{table(header, rows)}"] if rows else []


def _bounds(report: Report, key: str, share: float, n: int) -> str:
    return _interval(report.get(f"{key}95") or wilson(share * n, n))


def _interval(bounds: Sequence[float] | None, render: Any = percent) -> str:
    return "" if bounds is None else f"{render(bounds[0])} … {render(bounds[1])}"


def _in_brackets(bounds: Sequence[float] | None) -> str:
    return "" if bounds is None else f" (95 % bounds {_interval(bounds)})"
