"""Error rates of the challenge, named as ISO/IEC 30107-3 names them, of simulated attempts.

BPCER: share of attempts of cooperative people that are refused. APCER: share of attempts of one species of
attack that are accepted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from app.evaluation.intervals import clopper_pearson

# Limits that stand against an attack most often, in tables.
TOP_LIMITS = 3


class CountedTrial(Protocol):
    """What is counted of a trial."""

    @property
    def head(self) -> str:
        """Name of the head that was shown."""
        ...

    @property
    def person(self) -> int:
        """Number of its person."""
        ...

    @property
    def passed(self) -> bool:
        """The attempt passed, and as the person that was meant."""
        ...

    @property
    def reason(self) -> str | None:
        """Why it did not."""
        ...

    @property
    def seconds(self) -> float:
        """How long it took."""
        ...

    @property
    def without_light(self) -> str | None:
        """Why an Advanced challenge went without light."""
        ...

    @property
    def limits(self) -> tuple[str, ...]:
        """Names of the policy's limits that stood against it."""
        ...


@dataclass(frozen=True, slots=True)
class ChallengeRow:
    """One species, or people, at one level."""

    species: str
    title: str
    level: str
    bona_fide: bool
    trials: Sequence[CountedTrial]

    @property
    def errors(self) -> int:
        """Return how many attacks passed, or people did not."""
        return sum(trial.passed != self.bona_fide for trial in self.trials)

    @property
    def rate(self) -> float:
        """Return APCER, or BPCER of people; 0 without trials."""
        return self.errors / len(self.trials) if self.trials else 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """Return the exact 95 % interval of the rate."""
        return clopper_pearson(self.errors, len(self.trials))

    @property
    def missed_limits(self) -> dict[str, float]:
        """Return for each limit the share of trials that it stood against, most frequent first."""
        counts = Counter(name for trial in self.trials for name in trial.limits)
        return {name: count / len(self.trials) for name, count in counts.most_common()}

    def to_json(self) -> dict[str, object]:
        """Return all figures."""
        return {
            "species": self.species,
            "title": self.title,
            "level": self.level,
            "measure": "BPCER" if self.bona_fide else "APCER",
            "n": len(self.trials),
            "errors": self.errors,
            "rate": self.rate,
            "rate95": list(self.bounds),
            "reasons": dict(Counter(trial.reason for trial in self.trials if trial.reason).most_common()),
            "limits": self.missed_limits,
            "withoutLight": sum(trial.without_light is not None for trial in self.trials),
            "errorsWithoutLight": sum(
                trial.without_light is not None and trial.passed != self.bona_fide for trial in self.trials
            ),
            "medianSeconds": median(trial.seconds for trial in self.trials) if self.trials else None,
        }


@dataclass(frozen=True, slots=True)
class ChallengeReport:
    """Everything that was measured, and how."""

    tier: str
    seed: int
    cameras: int
    heads: int
    people: int
    rows: Sequence[ChallengeRow]

    def to_json(self) -> dict[str, object]:
        """Return the document for files."""
        return {
            "tier": self.tier,
            "seed": self.seed,
            "cameras": self.cameras,
            "heads": self.heads,
            "people": self.people,
            "rows": [row.to_json() for row in self.rows],
        }

    @property
    def basis(self) -> str:
        """Return one sentence on what the figures rest on."""
        return (
            f"Tier `{self.tier}` ({TIERS.get(self.tier, '')}), {self.heads} rendered heads of {self.people} "
            f"people, {self.cameras} cameras, seed {self.seed}; exact 95 % bounds (Clopper and Pearson)."
        )


TIERS: Mapping[str, str] = {
    "pixels": "every picture rendered, compressed and measured by the real models",
    "measurements": "tables of what the real models read from rendered pictures, with measured noise",
}

HEADER = ("level", "presentation", "n", "wrong", "rate", "95 %", "what stood against it most")


def table_rows(report: ChallengeReport) -> list[tuple[str, ...]]:
    """Return the report as lines of a table under `HEADER`."""
    return [_line(row) for row in report.rows]


def _line(row: ChallengeRow) -> tuple[str, ...]:
    low, high = row.bounds
    limits = [f"{name} {share:.0%}" for name, share in list(row.missed_limits.items())[:TOP_LIMITS]]
    measure = "BPCER" if row.bona_fide else "APCER"
    return (
        row.level,
        row.title,
        str(len(row.trials)),
        str(row.errors),
        f"{measure} {row.rate:.2%}",
        f"{low:.2%} … {high:.2%}",
        ", ".join(limits) or "–",
    )


def render_markdown(report: ChallengeReport) -> str:
    """Return the table as Markdown."""
    lines = [HEADER, ("---",) * len(HEADER), *table_rows(report)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"{report.basis}\n\n{table}\n"
