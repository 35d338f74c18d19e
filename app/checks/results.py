"""What a check says."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from app.db import Database
from app.settings import Settings


class Level(StrEnum):
    """How much a result matters."""

    OK = "ok"
    HINT = "hint"
    """Cannot be seen from here; somebody has to make sure."""
    WARNING = "warning"
    ERROR = "error"
    """Do not let real people in before this is mended."""


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the go-live check."""

    id: str
    """Stable: scripts and people may rely on it."""
    level: Level
    said: str
    """What was found."""
    hint: str = ""
    """What to do; empty when all is well."""
    subject: str = ""
    """What it is about, where there are several: a verification's id."""


@dataclass(frozen=True)
class Facts:
    """What checks may look at."""

    settings: Settings
    database: Database
    db: Session
    now: float


Check = Callable[[Facts], list[Result]]


def judged(check_id: str, fine: bool, said: str, otherwise: str, hint: str, level: Level) -> list[Result]:
    """Return that all is well, or what is not and what to do."""
    return [Result(check_id, Level.OK, said) if fine else Result(check_id, level, otherwise, hint)]
