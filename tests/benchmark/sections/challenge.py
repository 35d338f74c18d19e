"""Errors of the challenge over simulated people, attackers and cameras, by `flask evaluate challenge`."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmark.commands import ask
from tests.benchmark.markdown import interval, number, percent, table
from tests.benchmark.section import Report, Run, Section, Target

TRIALS, QUICK_TRIALS = 1000, 4
# Rendering takes twenty times as long; each camera once finds what the tables do not show.
RENDERED_TRIALS, QUICK_RENDERED_TRIALS = 48, 1
MAX_BPCER_PERCENT, MAX_APCER_BALANCED_PERCENT = 3.0, 1.0
# Named in the README under what the challenge does not stop: reported like all others, promised to nobody.
NOT_STOPPED: Mapping[str, str] = {
    "relay-100": "within the delay of slow cameras",
    "paper-mask": "a mask: it is round as a face is",
}

INTRODUCTION = """Nobody real has been through this. Heads are rendered from photos of people to whom no
weight was fitted, but the thresholds of the policy were chosen while attempts of these very heads were
looked at: the rates are too good by an unknown amount. They sit in {cameras} rooms before as many
cameras (gain, white balance, automatics, noise, compression, 5 to 30 frames a second), and play whole
attempts by the page's own rules. Rendered heads and printed photos are cleaner than real ones: read the
table as what the method can tell apart, not as what will be seen in the field. An attempt that fails
ends the session, so a rate is that of a session. "Without light" counts attempts at Advanced that were
sent to the path of movements, because nothing of the screen's light was to be seen."""

RENDERED = """The table above looks up what the models read from each head in each pose, and computes
light and camera on two colours. The one below renders every picture, films, compresses and measures it:
slower, and nearer to the truth. Where both disagree, believe this one."""

HEADER = (
    "level",
    "presentation",
    "tries",
    "wrong",
    "rate",
    "95 % bounds",
    "without light",
    "seconds, median",
)


def measure(run: Run) -> Report:
    """Let everybody try, first against tables, then before rendered pictures."""
    trials, rendered = (QUICK_TRIALS, QUICK_RENDERED_TRIALS) if run.quick else (TRIALS, RENDERED_TRIALS)
    report = ask("evaluate", "challenge", "--trials", str(trials))
    return report | {"rendered": ask("evaluate", "challenge", "--tier", "pixels", "--trials", str(rendered))}


def render(report: Report) -> str:
    """Return the tables of all species at both levels."""
    names = {row["species"] for row in report["rows"]}
    notes = [
        f"`{name}` is among what the challenge does not stop: {why}."
        for name, why in NOT_STOPPED.items()
        if name in names
    ]
    parts = [INTRODUCTION.format(cameras=report["cameras"]), *_tables(report), " ".join(notes)]
    if "rendered" in report:
        parts += ["### Rendered and filmed", RENDERED, *_tables(report["rendered"])]
    return "\n\n".join([*parts, *([report["note"]] if "note" in report else [])])


def _tables(report: Report) -> list[str]:
    people = f"{report['heads']} heads of {report['people']} people"
    basis = f"{people}, seed {report['seed']}, tier `{report['tier']}`."
    return [basis, table(HEADER, [_row(row) for row in report["rows"]])]


def _row(row: Mapping[str, Any]) -> list[str]:
    return [
        row["level"],
        f"{row['title']} (`{row['species']}`)",
        str(row["n"]),
        str(row["errors"]),
        f"{row['measure']} {percent(row['rate'], 2)}",
        interval(row["rate95"]),
        str(row["withoutLight"]),
        number(row["medianSeconds"], 1),
    ]


def targets(report: Report) -> Sequence[Target]:
    """Return what each level promises; attacks at Advanced are counted, the others are rates."""
    rows, rendered = report["rows"], report.get("rendered", {"rows": []})["rows"]
    balanced = [100 * row["rate"] for row in _attacks(rows, "Balanced")]
    refused = [
        Target(f"cooperative people refused at {row['level']}", "%", MAX_BPCER_PERCENT, 100 * row["rate"])
        for row in rows
        if row["measure"] == "BPCER"
    ]
    return [
        *refused,
        Target("attacks accepted at Advanced, worst species, of each 1,000", "", 0, _most(rows)),
        Target(
            f"the same, rendered and filmed, of each {RENDERED_TRIALS}",
            "",
            0,
            _most(rendered),
        ),
        Target(
            "attacks accepted at Balanced, worst species",
            "%",
            MAX_APCER_BALANCED_PERCENT,
            max(balanced, default=None),
        ),
    ]


def _attacks(rows: Sequence[Mapping[str, Any]], level: str) -> list[Mapping[str, Any]]:
    counted = [row for row in rows if row["measure"] == "APCER" and row["species"] not in NOT_STOPPED]
    return [row for row in counted if row["level"] == level]


def _most(rows: Sequence[Mapping[str, Any]]) -> int | None:
    return max((row["errors"] for row in _attacks(rows, "Advanced")), default=None)


SECTION = Section("challenge", "Errors of the challenge", measure, render, targets)
