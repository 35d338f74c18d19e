"""BENCHMARKS.md out of what is kept of each section."""

from collections.abc import Sequence

from tests.benchmark.figures import Machine
from tests.benchmark.markdown import number, table
from tests.benchmark.section import Section, Target
from tests.benchmark.store import Result

INTRODUCTION = """# Benchmarks

Written by `make bench`, or section by section by `python -m tests.benchmark --only SECTION`; nothing here is
typed by hand. Speed is measured on the machine that each section names and never asserted by a test."""

# A load average above this means that something else was running; an idle machine decays below it.
MAX_LOAD = 0.5
BUSY = "Other work shared the processor: times by the clock are too long, processor times hardly."
QUICK = "**This was a quick run: it shows that everything works, and the numbers mean little.**"

Kept = Sequence[tuple[Section, Result | None]]


def compose(kept: Kept) -> str:
    """Return the whole document."""
    parts = [INTRODUCTION, _targets(kept), *(_part(section, result) for section, result in kept)]
    return "\n\n".join(part for part in parts if part) + "\n"


def targets_of(kept: Kept) -> list[Target]:
    """Return the targets of every section that was measured."""
    return [
        target for section, result in kept if result is not None for target in section.targets(result.report)
    ]


def _targets(kept: Kept) -> str:
    rows = [target.row() for target in targets_of(kept)]
    return f"## Targets\n\n{table(('target', 'limit', 'measured', ''), rows)}" if rows else ""


def _part(section: Section, result: Result | None) -> str:
    heading = f"## {section.title}"
    if result is None:
        return f"{heading}\n\nNot measured yet: `python -m tests.benchmark --only {section.name}`."
    parts = [heading, *([QUICK] if result.quick else []), section.render(result.report)]
    return "\n\n".join([*parts, _measured_on(result.machine)])


def _measured_on(machine: Machine) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    sentence = (
        f"<sub>{machine.date}: {machine.cpu}, {machine.cores} cores, {number(machine.memory_gb, 1)} GB; "
        f"{machine.system}, Python {machine.python}, {packages}. "
        f"Load before the run: {number(machine.load_before, 1)}."
    )
    return sentence + (f" {BUSY}</sub>" if (machine.load_before or 0) > MAX_LOAD else "</sub>")
