"""The section on searching large collections, out of what `flask bench search --json` wrote."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmark.markdown import number, percent, table

BEGIN, END = "<!-- search: begin -->", "<!-- search: end -->"
MISSING = "Not measured yet: `flask bench search --faces 1000000 --plot growth.png --compare --json FILE`."

# What a million faces on SQLite may take on two cores. Figure -> (wording, unit, limit).
LIMITS = {
    "p95Ms": ("search, p95", "ms", 25.0),
    "addMs": ("new face, until another process finds it", "ms", 10.0),
    "deleteMs": ("deleted face, until it is gone everywhere", "ms", 1000.0),
    "memoryMb": ("resident memory, peak", "MB", 600.0),
    "coldStartS": ("fresh process, until the first answer", "s", 5.0),
}
MILLION = 1_000_000

INTRODUCTION = """Made-up faces that lie as real embeddings do, in a scratch database; the ten nearest of
{probes} probes, half of them enrolled people. Each line was measured in a fresh process with its imports.
*Recall* is the share of the ten nearest found by comparing with everybody in double precision. *New* runs
from the beginning of the transaction that enrols until another process would find the face, *deleted* until
its row is overwritten, the write-ahead log emptied and the index of another process rid of it."""
PEERS = """The same probes on the same {faces} faces in the same run, each in a process of its own. Of the
others, memory is what the index added to it, and a new face is only put into it, not into a database. An
approximate index is compared at its library's own settings."""

Report = Mapping[str, Any]


def read_search(files: Sequence[Path]) -> str:
    """Return the section, one part for each report; `ValueError` names a file that is none."""
    return "\n\n".join(_part(_read(path)) for path in files)


def kept_search(document: str) -> str:
    """Return the section of an earlier document, or a sentence that says that there is none."""
    kept = document.partition(BEGIN)[2].partition(END)[0].strip()
    return kept or MISSING


def section(content: str) -> str:
    """Return the section with its heading and the marks between which it is kept."""
    return f"## Searching many faces\n\n{BEGIN}\n{content}\n{END}"


def _read(path: Path) -> Report:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        return {**report, "growth": list(report["growth"]), "engine": str(report["engine"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: is no report of `flask bench search` ({error})") from None


def _part(report: Report) -> str:
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[report["engine"]]
    parts = [f"### {name}", INTRODUCTION.format(probes=report["probes"]), _growth(report["growth"])]
    million = [each for each in report["growth"] if each["faces"] == MILLION]
    if report["engine"] == "sqlite" and million:
        parts.append(_targets(million[-1]))
    if report.get("peers"):
        parts += [
            PEERS.format(faces=grouped(report["faces"])),
            _peers([_own(report, name), *report["peers"]]),
        ]
    return "\n\n".join(parts)


def _growth(growth: Sequence[Report]) -> str:
    rows = [
        [
            grouped(each["faces"]),
            percent(each["recall"]),
            number(each["p50Ms"]),
            number(each["p95Ms"]),
            number(each["addMs"], 1),
            number(each["deleteMs"], 1),
            number(each["memoryMb"], 0),
            number(each["coldStartS"]),
        ]
        for each in growth
    ]
    header = ("faces", "recall", "p50 ms", "p95 ms", "new ms", "deleted ms", "memory MB", "cold start s")
    return table(header, rows)


def _targets(million: Report) -> str:
    rows = [["recall", "100 %", percent(million["recall"]), _verdict(1.0 - million["recall"], 0.0)]]
    rows += [
        [what, f"≤ {limit:g} {unit}", f"{number(million[key])} {unit}", _verdict(million[key], limit)]
        for key, (what, unit, limit) in LIMITS.items()
    ]
    return table(("a million faces", "limit", "measured", ""), rows)


def _verdict(measured: float | None, limit: float) -> str:
    if measured is None:
        return "not measured"
    return "met" if measured <= limit else "**missed**"


def _own(report: Report, name: str) -> Report:
    return {**report, "name": f"Visavis on {name}, whole process", "buildS": report["coldStartS"]}


def _peers(peers: Sequence[Report]) -> str:
    rows = [
        [
            each["name"],
            percent(each["recall"]),
            number(each["p50Ms"]),
            number(each["p95Ms"]),
            number(each["addMs"]),
            number(each["memoryMb"], 0),
            number(each["buildS"], 1),
        ]
        for each in peers
    ]
    return table(("", "recall", "p50 ms", "p95 ms", "new ms", "memory MB", "built in s"), rows)


def grouped(count: int) -> str:
    """Return a number with its thousands apart."""
    return f"{count:,}".replace(",", " ")
