"""The product's own measuring commands, each run in a process of its own."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmark import ROOT
from tests.benchmark.section import Run, UnmeasuredError


def ask(*arguments: str | Path, written_by: str = "--json") -> dict[str, Any]:
    """Run `flask …` and return the JSON that an option makes it write; `UnmeasuredError` when it failed."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "report.json"
        command = [
            sys.executable,
            "-m",
            "flask",
            "--app",
            "wsgi",
            *map(str, arguments),
            written_by,
            str(written),
        ]
        ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        if ran.returncode:
            raise UnmeasuredError(f"`flask {arguments[0]} {arguments[1]}` stopped; its message is above")
        report: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
        return report


def data_of(run: Run, name: str) -> Path:
    """Return the folder of labelled pictures of a section; `UnmeasuredError` when there is none."""
    if run.data is None or not (run.data / name).is_dir():
        raise UnmeasuredError(f"it needs --data DIR with DIR/{name}")
    return (run.data / name).resolve()


def sets_of(run: Run, name: str, *lists: str) -> Iterator[Path]:
    """Yield every folder of a section that has one of these lists."""
    folder = data_of(run, name)
    found = [
        each for each in (folder, *sorted(folder.iterdir())) if any((each / one).exists() for one in lists)
    ]
    if not found:
        raise UnmeasuredError(f"{folder} has no {' or '.join(lists)}")
    yield from found
