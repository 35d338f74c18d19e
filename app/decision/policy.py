"""Every number that decides, with where it comes from: read from config/policy.toml, never in code."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from app.decision.types import Requirements
from app.errors import SettingsError
from app.pipeline.types import Finding
from app.vocabulary import ChallengePath, ChallengeType, Evidence, Reason


class Condition(StrEnum):
    """When a limit holds."""

    ALWAYS = "always"
    SINGLE_PERSON = "single_person"
    LIVENESS = "liveness"
    BASIC = "basic"
    MOVEMENT = "movement"
    BALANCED = "balanced"
    LIGHT = "light"
    LONG_MOVEMENT = "long_movement"
    RECOGNITION = "recognition"

    def holds(self, requirements: Requirements) -> bool:
        """Tell whether a session with these requirements is held to it."""
        return {
            Condition.ALWAYS: True,
            Condition.SINGLE_PERSON: requirements.fail_on_multiple_faces,
            Condition.LIVENESS: requirements.liveness is not None,
            Condition.BASIC: requirements.liveness is ChallengeType.BASIC,
            Condition.MOVEMENT: requirements.liveness in (ChallengeType.BALANCED, ChallengeType.ADVANCED),
            Condition.BALANCED: requirements.liveness is ChallengeType.BALANCED,
            Condition.LIGHT: _is_advanced(requirements, ChallengePath.LIGHT),
            Condition.LONG_MOVEMENT: _is_advanced(requirements, ChallengePath.MOVEMENT),
            Condition.RECOGNITION: requirements.recognition is not None,
        }[self]


def _is_advanced(requirements: Requirements, path: ChallengePath) -> bool:
    """Tell whether Advanced demands what belongs to `path`; of an unknown path everything is demanded."""
    return requirements.liveness is ChallengeType.ADVANCED and requirements.challenge_path in (path, None)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a number comes from."""

    data: str
    """What it was measured on."""
    error_rate: str
    """What it costs: whom it refuses, whom it lets in."""
    date: str
    """ISO 8601 date of the measurement."""
    model: str
    """Model or method that gave the measured values."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One line that a measurement has to be on the right side of."""

    name: str
    evidence: Evidence
    measure: str
    """`score`, or the name of one of the finding's details."""
    value: float
    at_least: bool
    """True: the measurement must be `value` or more; False: `value` or less."""
    when: Condition
    reason: Reason
    """What is answered when the measurement is on the wrong side."""
    methods: tuple[str, ...]
    """Methods of findings that the number was measured for; empty = any."""
    provenance: Provenance

    def applies_to(self, finding: Finding) -> bool:
        """Tell whether the number was measured for what made this finding."""
        return not self.methods or finding.method in self.methods

    def measured(self, finding: Finding) -> float | None:
        """Return the finding's measurement, None when it is missing or no number."""
        value = finding.score if self.measure == "score" else finding.details.get(self.measure)
        if value is None or isinstance(value, str) or not math.isfinite(value):
            return None
        return float(value)

    def allows(self, value: float) -> bool:
        """Tell whether a measurement is on the right side."""
        return value >= self.value if self.at_least else value <= self.value


@dataclass(frozen=True, slots=True)
class Confidence:
    """The confidence from which an estimate is told."""

    value: float
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Policy:
    """All limits, in the order in which they are asked within one evidence."""

    limits: tuple[Limit, ...]
    gender: Confidence

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a policy file; `SettingsError` names what is missing or makes no sense in it."""
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(f"{path}: cannot be read ({type(error).__name__})") from None
        return cls.from_document(document, str(path))

    @classmethod
    def from_document(cls, document: Mapping[str, Any], source: str = "policy") -> Self:
        """Make a policy of parsed TOML; errors as in `load`."""
        unknown = set(document) - {"limit", "gender"}
        if unknown:
            raise SettingsError(f"{source}: unknown {', '.join(sorted(unknown))}")
        limits = tuple(
            _limit(entry, f"{source}: limit {entry.get('name', index)}")
            for index, entry in enumerate(document.get("limit", []))
        )
        names = [limit.name for limit in limits]
        if len(set(names)) != len(names):
            raise SettingsError(f"{source}: two limits have one name")
        return cls(limits, _confidence(document.get("gender", {}), f"{source}: gender"))


_PROVENANCE = ("data", "error_rate", "date", "model")
_LIMIT = ("name", "evidence", "measure", "when", "reason", "methods", "at_least", "at_most")


def _limit(entry: Mapping[str, Any], where: str) -> Limit:
    _refuse_unknown(entry, (*_LIMIT, *_PROVENANCE), where)
    at_least, at_most = entry.get("at_least"), entry.get("at_most")
    if (at_least is None) == (at_most is None):
        raise SettingsError(f"{where}: needs either at_least or at_most")
    try:
        return Limit(
            name=_text(entry, "name", where),
            evidence=Evidence(_text(entry, "evidence", where)),
            measure=_text(entry, "measure", where),
            value=_number(at_most if at_least is None else at_least, where),
            at_least=at_least is not None,
            when=Condition(_text(entry, "when", where)),
            reason=Reason(_text(entry, "reason", where)),
            methods=tuple(str(method) for method in entry.get("methods", ())),
            provenance=_provenance(entry, where),
        )
    except ValueError as error:
        raise SettingsError(f"{where}: {error}") from None


def _confidence(entry: Mapping[str, Any], where: str) -> Confidence:
    _refuse_unknown(entry, ("confidence", *_PROVENANCE), where)
    return Confidence(_number(entry.get("confidence"), where), _provenance(entry, where))


def _provenance(entry: Mapping[str, Any], where: str) -> Provenance:
    return Provenance(**{name: _text(entry, name, where) for name in _PROVENANCE})


def _refuse_unknown(entry: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    unknown = set(entry) - set(known)
    if unknown:
        raise SettingsError(f"{where}: unknown {', '.join(sorted(unknown))}")


def _text(entry: Mapping[str, Any], name: str, where: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{where}: {name} is missing")
    return value


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SettingsError(f"{where}: must have a finite number")
    return float(value)
