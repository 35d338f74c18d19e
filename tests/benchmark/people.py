"""The rendered people who visit: made once in a run, whatever sections need them."""

import sys
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from tqdm import tqdm

from app.inference.engine import OpenPackEngine
from app.sandbox.head import Head
from tests.benchmark import ROOT
from tests.benchmark.film import AT_REST, Film, shoot
from tests.simulator import faces
from tests.simulator.install import install

MODELS = ROOT / "models"
SCRATCH = ROOT / "var" / "benchmark"
NAMES = ("astronaut", "obama", "biden", "singer")


@cache
def engine() -> OpenPackEngine:
    """Return the engine over the installed pack."""
    return OpenPackEngine.from_manifest(MODELS)


@cache
def heads() -> tuple[Head, ...]:
    """Return everybody's head."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    install(faces.DIRECTORY)
    return tuple(faces.head(name, engine()) for name in NAMES)


@cache
def films() -> tuple[Film, ...]:
    """Return everybody's film, rendered beforehand."""
    return tuple(shoot(head, seed, watched("rendering people")) for seed, head in enumerate(heads()))


def picture() -> bytes:
    """Return one frame of one person who looks straight into the camera."""
    return films()[0].pictures[AT_REST][0]


def watched(caption: str) -> Callable[[Any], Iterable[Any]]:
    """Return what shows a progress bar on standard error."""
    return lambda items: tqdm(items, desc=caption, file=sys.stderr)
