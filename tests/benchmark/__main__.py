"""`python -m tests.benchmark`: measure, and write BENCHMARKS.md."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from app.errors import VisavisError
from app.inference.engine import OpenPackEngine
from app.sandbox.head import Head
from tests.benchmark import ROOT
from tests.benchmark.accuracy import kept_accuracy, read_accuracy
from tests.benchmark.against_dlib import DlibInstallation, compare, cut_chips, install_dlib
from tests.benchmark.figures import DlibFigures, Figures, ServiceFigures
from tests.benchmark.film import AT_REST, Film, shoot
from tests.benchmark.machine import describe_machine, usable_cores
from tests.benchmark.models import time_frame, time_models
from tests.benchmark.report import render, targets_of
from tests.benchmark.search import kept_search, read_search
from tests.benchmark.service import measured_service
from tests.simulator import faces
from tests.simulator.install import InstallError, install

MODELS = ROOT / "models"
SCRATCH = ROOT / "var" / "benchmark"
DOCUMENT = ROOT / "BENCHMARKS.md"
PEOPLE = ("astronaut", "obama", "biden", "singer")


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured."""

    seconds_per_call: float
    visits_alone: int
    rounds_together: int
    dlib_rounds: int


FULL = Effort(seconds_per_call=1.5, visits_alone=10, rounds_together=5, dlib_rounds=3)
QUICK = Effort(seconds_per_call=0.1, visits_alone=1, rounds_together=1, dlib_rounds=1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        accuracy = _accuracy(options.accuracy, options.output)
        search = read_search(options.search) if options.search else kept_search(_earlier(options.output))
        figures = measure(QUICK if options.quick else FULL, quick=options.quick)
    except (VisavisError, InstallError, faces.TestFacesMissingError, ValueError) as error:
        print(f"benchmark: {error}", file=sys.stderr)  # noqa: T201 - a command's output
        return 1
    options.output.write_text(render(figures, accuracy, search), encoding="utf-8")
    if options.json is not None:
        options.json.write_text(json.dumps(asdict(figures), indent=2) + "\n", encoding="utf-8")
    for target in targets_of(figures):
        print(f"{target.what}: {target.measured} {target.unit}, limit {target.limit}: {target.verdict}")  # noqa: T201
    return 0


def measure(effort: Effort, *, quick: bool = False) -> Figures:
    """Measure everything."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    machine = describe_machine()
    install(faces.DIRECTORY)
    engine = OpenPackEngine.from_manifest(MODELS)
    heads = [faces.head(name, engine) for name in PEOPLE]
    films = [shoot(head, seed, _bar("rendering people")) for seed, head in enumerate(heads)]
    picture = films[0].pictures[AT_REST][0]
    return Figures(
        machine=machine,
        models=time_models(engine, MODELS, picture, effort.seconds_per_call, _bar("models")),
        frame=time_frame(engine, picture, effort.seconds_per_call, _bar("frame")),
        dlib=_against_dlib(heads, engine, effort.dlib_rounds),
        **_service(films, effort, "Balanced", ("alone", "together")),
        **_service(films, effort, "Advanced", ("advanced", "advanced_together")),
        quick=quick,
    )


def _service(
    films: Sequence[Film], effort: Effort, level: str, names: tuple[str, str]
) -> dict[str, ServiceFigures]:
    """Measure visits one after another, then all people at once; a first round only warms up."""
    warm_up = len(films)
    total = warm_up + effort.visits_alone + effort.rounds_together * len(films)
    with (
        measured_service(SCRATCH, level) as service,
        tqdm(total=total, desc=f"visits, {level}", file=sys.stderr) as bar,
    ):
        service.run(films, 1, bar.update)
        alone = service.run(films[:1], effort.visits_alone, bar.update)
        together = service.run(films, effort.rounds_together, bar.update)
    return dict(zip(names, (alone, together), strict=True))


def _against_dlib(heads: Sequence[Head], engine: OpenPackEngine, rounds: int) -> DlibFigures | str:
    installation = install_dlib(SCRATCH)
    if not isinstance(installation, DlibInstallation):
        return installation
    return compare(installation, MODELS, cut_chips(heads, engine, MODELS), rounds, usable_cores())


def _accuracy(folder: Path | None, document: Path) -> str:
    if folder is not None:
        return read_accuracy(folder)
    return kept_accuracy(_earlier(document))


def _earlier(document: Path) -> str:
    """Return what was written before, of which each section is kept that is not measured now."""
    earlier = document if document.exists() else DOCUMENT
    return earlier.read_text(encoding="utf-8") if earlier.exists() else ""


def _bar(caption: str) -> Callable[[Any], Iterable[Any]]:
    return lambda items: tqdm(items, desc=caption, file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="measure little: shows that everything runs")
    parser.add_argument("--accuracy", type=Path, metavar="DIR", help="what `flask evaluate … --json` wrote")
    parser.add_argument(
        "--search", type=Path, action="append", metavar="FILE", help="what `flask bench search --json` wrote"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure for machines")
    parser.add_argument(
        "--output", type=Path, default=DOCUMENT, metavar="FILE", help="instead of BENCHMARKS.md"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
