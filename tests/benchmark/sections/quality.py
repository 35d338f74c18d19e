"""What the quality gate gains, measured by `flask evaluate quality`."""

from collections.abc import Mapping
from typing import Any

from tests.benchmark.commands import ask, sets_of
from tests.benchmark.markdown import interval, percent, table
from tests.benchmark.section import Report, Run, Section

IDENTITIES = "identities.csv"
INTRODUCTION = """Single photos, each as it is and in five damages of random strength, against templates of
three undamaged photos at the shipped threshold. Frames that the gate refuses never reach a template."""


def measure(run: Run) -> Report:
    """Evaluate every set of labelled people."""
    return {
        "sets": {
            folder.name: ask("evaluate", "quality", "--root", folder, "--identities", folder / IDENTITIES)
            for folder in sets_of(run, "recognition", IDENTITIES)
        }
    }


def render(report: Report) -> str:
    """Return errors with and without the gate, and what it refuses."""
    parts = [INTRODUCTION]
    for name, each in report["sets"].items():
        parts += [f"### Set `{name}`, FMR {each['rate']:g}", _errors(each), _refusals(each)]
    return "\n\n".join(parts)


def _errors(report: Report) -> str:
    rows = [
        [what, str(report[key]["trials"]), *_share(report[key]["fnmr"]), percent(report[key]["fmr"], 4)]
        for what, key in (("every photo with a face", "ungated"), ("those that pass the gate", "gated"))
    ]
    return table(("", "photos", "false non-match rate", "95 % bounds", "false match rate, counted"), rows)


def _refusals(report: Report) -> str:
    rows = [["all", *_share(report["refused"])]]
    rows += [[damage, *_share(share)] for damage, share in report["refusedByDamage"].items()]
    lost = report["refusedThatWouldNotHaveMatched"]
    reasons = ", ".join(f"{name} {count}" for name, count in report["refusedFor"].items())
    return (
        table(("refused by the gate", "share", "95 % bounds"), rows)
        + f"\n\nOf the refused {percent(lost['share'])} would not have matched. Refused for: {reasons}."
    )


def _share(share: Mapping[str, Any]) -> tuple[str, str]:
    return percent(share["share"]), interval(share["bounds95"])


SECTION = Section("quality", "What the quality gate gains", measure, render)
