"""`python -m tests.benchmark`: measure, keep the results, and write BENCHMARKS.md of all that is kept."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from app.errors import VisavisError
from tests.benchmark import ROOT
from tests.benchmark.document import Kept, compose, targets_of
from tests.benchmark.machine import describe_machine
from tests.benchmark.section import Run, Section, UnmeasuredError
from tests.benchmark.sections import SECTIONS
from tests.benchmark.store import RESULTS, Result, keep, kept
from tests.simulator import faces
from tests.simulator.install import InstallError

DOCUMENT = ROOT / "BENCHMARKS.md"
PICTURES = ROOT / "static" / "docs"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)
    run = Run(options.quick, options.data, options.pictures)
    wanted = [each for each in SECTIONS if each.name in (options.only or [s.name for s in SECTIONS])]
    try:
        measured = [_measure(section, run, options.results) for section in wanted]
        everything = [(section, kept(options.results, section)) for section in SECTIONS]
    except (VisavisError, InstallError, faces.TestFacesMissingError, ValueError) as error:
        _say(f"benchmark: {error}")
        return 1
    options.output.write_text(compose(everything), encoding="utf-8")
    _print_targets(everything)
    # A run of everything keeps what cannot be measured here; who asks for a section wants to have it.
    return 0 if all(measured) or not options.only else 1


def _measure(section: Section, run: Run, results: Path) -> bool:
    machine = describe_machine()
    try:
        report = section.measure(run)
    except UnmeasuredError as error:
        _say(f"benchmark: {section.name} is not measured, its last result stays: {error}")
        return False
    keep(results, section, Result(machine, report, run.quick))
    return True


def _print_targets(everything: Kept) -> None:
    for target in targets_of(everything):
        what, limit, measured, verdict = target.row()
        print(f"{what}: {measured}, limit {limit}: {verdict}")  # noqa: T201 - a command's output


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - a command's output


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    names = [section.name for section in SECTIONS]
    parser.add_argument(
        "--only", action="append", choices=names, help="measure this section; may be repeated"
    )
    parser.add_argument("--quick", action="store_true", help="measure little: shows that everything runs")
    parser.add_argument("--data", type=Path, metavar="DIR", help="labelled pictures for `flask evaluate`")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="what is kept")
    parser.add_argument("--pictures", type=Path, default=PICTURES, metavar="DIR", help="where drawings go")
    parser.add_argument("--output", type=Path, default=DOCUMENT, metavar="FILE")
    return parser


if __name__ == "__main__":
    sys.exit(main())
