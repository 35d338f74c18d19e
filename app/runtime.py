"""What every request, command and worker shares: built once by the factory, passed down, never global."""

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.db import Database
from app.decision.policy import Policy
from app.faces.calibration import Calibration
from app.faces.search.interface import FaceSearch
from app.inference.types import FaceEngine
from app.sealing import Sealer
from app.settings import Settings


@dataclass(frozen=True)
class Runtime:
    """The parts of one running service."""

    settings: Settings
    database: Database
    sealer: Sealer
    engine: FaceEngine
    policy: Policy
    calibration: Calibration
    index: FaceSearch
    successor: FaceEngine | None = None
    """While the model is being changed: the engine that will take over, and only watches until then."""
    clock: Callable[[], float] = time.time
    """Unix seconds; tests bring their own."""
    rng: random.Random = field(default_factory=secrets.SystemRandom)
    """Source of challenges; the operating system's in production."""
