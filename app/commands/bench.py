"""`flask bench search`: how fast and how exact the search of a large collection is on this machine."""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from tqdm import tqdm

from app.commands.bench_pictures import draw_growth
from app.commands.bench_scratch import DIMENSIONS, PROBES, Scratch
from app.commands.parts import clear_errors
from app.db import Database
from app.errors import SettingsError
from app.evaluation.pictures import require_matplotlib
from app.evaluation.tables import render_table

bench_commands = AppGroup("bench", help="Measure this machine. Needs neither secrets nor data.")

SMALLEST = 1000
COMPARED = ("numpy", "usearch")
# A graph of a million faces takes a quarter of an hour of a processor to build; of more, hours.
MOST_COMPARED = 1_000_000
FIGURES = ("faces", "recall", "p50Ms", "p95Ms", "addMs", "memoryMb", "coldStartS")
_GROWTH_FIGURES = (*FIGURES, "deleteMs")
_PEER_FIGURES = ("name", "faces", "recall", "p50Ms", "p95Ms", "addMs", "memoryMb", "buildS")
_output = click.Path(dir_okay=False, path_type=Path)


@bench_commands.command("search", with_appcontext=False)
@click.option("--faces", type=click.IntRange(SMALLEST), default=100_000, show_default=True)
@click.option("--engine", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option("--url", help="SQLAlchemy URL of an empty PostgreSQL database that may be filled.")
@click.option("--json", "json_file", type=_output, help="Write the printed figures to a file as well.")
@click.option("--report", "report_file", type=_output, help="Write everything measured, for `make bench`.")
@click.option("--plot", "picture", type=_output, help="Measure from 1000 faces up and draw the growth (PNG).")
@click.option(
    "--compare",
    is_flag=True,
    help="Measure other libraries on these faces, at most a million, in the same run.",
)
def search(
    faces: int,
    engine: str,
    url: str | None,
    json_file: Path | None,
    report_file: Path | None,
    picture: Path | None,
    compare: bool,
) -> None:
    """Fill a scratch database with made-up faces and measure the search of them in a fresh process."""
    if (engine == "postgresql") != (url is not None):
        raise click.UsageError("--engine postgresql needs --url, and --engine sqlite takes none")
    with clear_errors(), _scratch(url) as (scratch, folder):
        _require(picture, compare)
        sizes = _sizes(faces) if compare or picture is not None else [faces]
        growth, peers = [], []
        for figures in _measured(scratch, folder, sizes):
            growth.append(figures)
            if compare and figures["faces"] == min(faces, MOST_COMPARED):
                peers = [_run("bench_peers", scratch, folder, name) for name in COMPARED]
    report = {"engine": engine, "dimensions": DIMENSIONS, "probes": PROBES, **growth[-1], "growth": growth}
    report |= {"peers": peers} if compare else {}
    click.echo(render(report), err=True)
    click.echo(json.dumps({name: report[name] for name in FIGURES}))
    _write(json_file, {name: report[name] for name in FIGURES})
    _write(report_file, report)
    if picture is not None:
        draw_growth(picture, growth)


def render(report: dict[str, Any]) -> str:
    """Return the report for a terminal."""
    text = render_table(
        _GROWTH_FIGURES, [[each[name] for name in _GROWTH_FIGURES] for each in report["growth"]]
    )
    peers = [[each[name] for name in _PEER_FIGURES] for each in report.get("peers", [])]
    return f"{text}\n\n{render_table(_PEER_FIGURES, peers)}" if peers else text


def _write(path: Path | None, report: Mapping[str, Any]) -> None:
    if path is not None:
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _require(picture: Path | None, compare: bool) -> None:
    """Raise `SettingsError` before anything is filled when a library is missing."""
    if picture is not None:
        require_matplotlib()
    if compare and importlib.util.find_spec("usearch") is None:
        raise SettingsError("--compare: needs usearch (`pip install --group bench`)")


def _sizes(faces: int) -> list[int]:
    """Return 1000, 10 000 … up to `faces` itself."""
    decades = [SMALLEST * 10**power for power in range(len(str(faces)))]
    return [*(size for size in decades if size < faces), faces]


@contextmanager
def _scratch(url: str | None) -> Iterator[tuple[Scratch, Path]]:
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as name:
        folder = Path(name)
        database = Database(url or f"sqlite:///{folder / 'faces.db'}")
        try:
            yield Scratch(database, folder), folder
        finally:
            database.engine.dispose()


def _measured(scratch: Scratch, folder: Path, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    with tqdm(total=sizes[-1], desc="faces", unit_scale=True, file=sys.stderr) as bar:
        for size in sizes:
            scratch.grow(size, bar.update)
            yield {"faces": size, **_run("bench_measure", scratch, folder, str(time.time()))}


def _run(module: str, scratch: Scratch, folder: Path, *arguments: str) -> dict[str, Any]:
    """Measure in a fresh process with one thread of BLAS, as the service has."""
    url = scratch.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", f"app.commands.{module}", url, str(folder), *arguments]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)  # noqa: S603 -- our own
    if ran.returncode:
        raise SettingsError(f"{module} stopped; its message is above")
    report: dict[str, Any] = json.loads(ran.stdout)
    return report
