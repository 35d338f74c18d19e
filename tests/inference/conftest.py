"""The installed model pack (`make setup` installs it) and one public picture."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from app.factory import ROOT
from app.inference.engine import OpenPackEngine
from app.inference.types import FaceGeometry, RgbImage
from tests.simulator.faces import photo


@pytest.fixture(scope="session")
def models_dir() -> Path:
    return ROOT / "models"


@pytest.fixture(scope="session")
def onnx_engine(models_dir: Path) -> OpenPackEngine:
    """The engine for machines that have no MediaPipe."""
    return OpenPackEngine.from_manifest(models_dir, "onnx")


@pytest.fixture(scope="session")
def astronaut() -> RgbImage:
    """A portrait, 512×512, one face of 60 pixels between the outer eye corners."""
    return np.ascontiguousarray(skimage.data.astronaut())


@pytest.fixture(scope="session")
def face(engine: OpenPackEngine, astronaut: RgbImage) -> FaceGeometry:
    [found] = engine.detect(astronaut, 1)
    return found


@pytest.fixture(scope="session")
def portrait() -> Callable[[str], RgbImage]:
    """Photos of the test faces by name; each is prepared once."""
    return cache(photo)
