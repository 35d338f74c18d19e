"""Searching large collections, measured by `flask bench search` on both databases in one run."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.benchmark.commands import ask
from tests.benchmark.markdown import number, percent, table
from tests.benchmark.section import Report, Run, Section, Target
from tests.postgresql import running_server

FACES, QUICK_FACES = 1_000_000, 1000
ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL with pgvector"}

# What a million faces on SQLite may take on two cores. Figure -> (wording, unit, limit).
LIMITS = {
    "p95Ms": ("search, p95", "ms", 25.0),
    "addMs": ("new face, until another process finds it", "ms", 10.0),
    "deleteMs": ("deleted face, until it is gone everywhere", "ms", 1000.0),
    "memoryMb": ("resident memory, peak", "MB", 600.0),
    "coldStartS": ("fresh process, until the first answer", "s", 5.0),
}

INTRODUCTION = """Made-up faces that lie as real embeddings do, in a scratch database; the ten nearest of
{probes} probes, half of them enrolled people. Each line was measured in a fresh process with its imports.
*Recall* is the share of the ten nearest found by comparing with everybody in double precision. *New* runs
from the beginning of the transaction that enrols until another process would find the face, *deleted* until
its row is overwritten, the write-ahead log emptied and the index of another process rid of it."""
PEERS = """The same probes on the same {faces} faces in the same run, each in a process of its own. Of the
others, memory is what the index added to it, and a new face is only put into it, not into a database. An
approximate index is compared at its library's own settings."""


def measure(run: Run) -> Report:
    """Grow both databases, and give the faces of the first to other libraries too."""
    faces = str(QUICK_FACES if run.quick else FACES)
    common = ("bench", "search", "--faces", faces)
    pictures = [] if run.picture_dir is None else ["--plot", _picture(run.picture_dir, "sqlite")]
    sqlite = ask(*common, "--compare", *pictures, written_by="--report")
    with ExitStack() as stack:
        server = stack.enter_context(running_server())
        url = stack.enter_context(server.database(server.empty_template()))
        pictures = [] if run.picture_dir is None else ["--plot", _picture(run.picture_dir, "postgresql")]
        postgresql = ask(*common, "--engine", "postgresql", "--url", url, *pictures, written_by="--report")
    return {"sqlite": sqlite, "postgresql": postgresql, "pictures": run.picture_dir is not None}


def render(report: Report) -> str:
    """Return growth on both databases, and the comparison."""
    sqlite = report["sqlite"]
    parts = [INTRODUCTION.format(probes=sqlite["probes"])]
    for engine, name in _measured(report).items():
        parts += [f"### {name}", _growth(report[engine]["growth"])]
        if report["pictures"]:
            parts.append(f"![Growth of the search on {name}](static/docs/search-{engine}.png)")
    return "\n\n".join([*parts, *_compared(report), *([report["note"]] if "note" in report else [])])


def _compared(report: Report) -> list[str]:
    """Return the table of other libraries beside this one, if they were measured."""
    others = report["sqlite"].get("peers", [])
    if not others:
        return []
    faces = others[-1]["faces"]
    return ["### Compared", PEERS.format(faces=grouped(faces)), _peers([*_own(report, faces), *others])]


def _own(report: Report, faces: int) -> list[dict[str, Any]]:
    """Return what was measured here of so many faces."""
    return [
        {**figures, "name": f"Visavis, {name}, whole process", "buildS": figures["coldStartS"]}
        for engine, name in _measured(report).items()
        for figures in report[engine]["growth"]
        if figures["faces"] == faces
    ]


def targets(report: Report) -> Sequence[Target]:
    """Return what a million faces may take; none for fewer."""
    figures = report["sqlite"]
    if figures["faces"] != FACES:
        return []
    missed = Target("missed by a search of a million faces", "%", 0.0, 100 * (1.0 - figures["recall"]))
    return [
        missed,
        *(
            Target(f"a million faces: {what}", unit, limit, figures[key])
            for key, (what, unit, limit) in LIMITS.items()
        ),
    ]


def _measured(report: Report) -> dict[str, str]:
    return {engine: name for engine, name in ENGINES.items() if engine in report}


def _picture(folder: Path, engine: str) -> Path:
    return folder.resolve() / f"search-{engine}.png"


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


def _peers(peers: Sequence[dict[str, Any]]) -> str:
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


SECTION = Section("search", "Searching many faces", measure, render, targets)
