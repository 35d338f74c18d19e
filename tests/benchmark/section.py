"""What BENCHMARKS.md is made of: sections that are measured and kept one by one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmark.markdown import number

# Plain JSON, as it is kept in `results/`.
Report = Mapping[str, Any]


class UnmeasuredError(Exception):
    """A section cannot be measured here; the message says what it needs."""


@dataclass(frozen=True, slots=True)
class Run:
    """How and on what is measured."""

    quick: bool = False
    """True when so little is measured that the numbers only show that everything runs."""
    data: Path | None = None
    """Labelled pictures, in a folder for each section, with the lists that `flask evaluate` reads."""
    picture_dir: Path | None = None
    """Where drawings go."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the project wants to stay below."""

    what: str
    unit: str
    limit: float
    measured: float | None

    @property
    def verdict(self) -> str:
        """`met`, `missed` or, without a measurement, `not measured`."""
        if self.measured is None:
            return "not measured"
        return "met" if self.measured <= self.limit else "**missed**"

    def row(self) -> list[str]:
        """Return the line of a table: what, limit, measured, verdict."""
        limit, measured = f"≤ {self.limit:g} {self.unit}", f"{number(self.measured)} {self.unit}"
        return [self.what, limit.rstrip(), measured.rstrip(), self.verdict]


def _none(report: Report) -> Sequence[Target]:
    del report
    return ()


@dataclass(frozen=True, slots=True)
class Section:
    """One section: what it measures comes back as plain JSON, and its text is made of that alone."""

    name: str
    """What `--only` takes, and the name of its file in `results/`."""
    title: str
    measure: Callable[[Run], Report]
    """Raises `UnmeasuredError` where it cannot."""
    render: Callable[[Report], str]
    """Returns Markdown without the heading of the section; deeper headings begin at `###`."""
    targets: Callable[[Report], Sequence[Target]] = _none
