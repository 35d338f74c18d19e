"""Errors of the challenge over simulated people, attackers and cameras, by `flask evaluate challenge`."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmark.commands import ask
from tests.benchmark.markdown import interval, number, percent, table
from tests.benchmark.section import Report, Run, Section, Target

TRIALS, QUICK_TRIALS = 1000, 4
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
    """Let everybody try."""
    trials = QUICK_TRIALS if run.quick else TRIALS
    return ask("evaluate", "challenge", "--trials", str(trials))


def render(report: Report) -> str:
    """Return the table of all species at both levels."""
    names = {row["species"] for row in report["rows"]}
    notes = [
        f"`{name}` is among what the challenge does not stop: {why}."
        for name, why in NOT_STOPPED.items()
        if name in names
    ]
    people = f"{report['heads']} heads of {report['people']} people"
    basis = f"{people}, seed {report['seed']}, tier `{report['tier']}`."
    rows = [_row(row) for row in report["rows"]]
    parts = [INTRODUCTION.format(cameras=report["cameras"]), basis, table(HEADER, rows), " ".join(notes)]
    return "\n\n".join([*parts, *([report["note"]] if "note" in report else [])])


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
    rows = report["rows"]
    attacks = [row for row in rows if row["measure"] == "APCER" and row["species"] not in NOT_STOPPED]
    advanced = [row["errors"] for row in attacks if row["level"] == "Advanced"]
    balanced = [100 * row["rate"] for row in attacks if row["level"] == "Balanced"]
    refused = [
        Target(f"cooperative people refused at {row['level']}", "%", MAX_BPCER_PERCENT, 100 * row["rate"])
        for row in rows
        if row["measure"] == "BPCER"
    ]
    return [
        *refused,
        Target(
            "attacks accepted at Advanced, worst species, of each 1,000", "", 0, max(advanced, default=None)
        ),
        Target(
            "attacks accepted at Balanced, worst species",
            "%",
            MAX_APCER_BALANCED_PERCENT,
            max(balanced, default=None),
        ),
    ]


SECTION = Section("challenge", "Errors of the challenge", measure, render, targets)
