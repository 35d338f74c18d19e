"""What the engine refuses, and how it lives in forked workers."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import ModelPackError
from app.factory import ROOT
from app.inference.engine import OpenPackEngine
from app.inference.manifest import OPEN_PACK, load_manifest


@pytest.fixture
def copied_pack(models_dir: Path, tmp_path: Path) -> Path:
    """A pack that a test may damage: links, except for the smallest file."""
    pinned = load_manifest()
    for key in pinned.keys_of(OPEN_PACK):
        (tmp_path / pinned.models[key].file).symlink_to(models_dir / pinned.models[key].file)
    (tmp_path / "liveness.onnx").unlink()
    shutil.copy(models_dir / "liveness.onnx", tmp_path)
    return tmp_path


def test_a_changed_byte_in_a_model_file_is_refused(copied_pack: Path) -> None:
    path = copied_pack / "liveness.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelPackError, match=r"liveness\.onnx is not the pinned file"):
        OpenPackEngine.from_manifest(copied_pack)


def test_a_missing_model_file_is_refused(copied_pack: Path) -> None:
    (copied_pack / "dlib_resnet.onnx").unlink()
    with pytest.raises(ModelPackError, match=r"dlib_resnet\.onnx is missing.*flask models install"):
        OpenPackEngine.from_manifest(copied_pack)


def test_files_of_the_other_landmarker_are_not_needed(copied_pack: Path) -> None:
    (copied_pack / "face_landmarker.task").unlink()
    assert OpenPackEngine.from_manifest(copied_pack, "onnx")
    with pytest.raises(ModelPackError, match=r"face_landmarker\.task is missing"):
        OpenPackEngine.from_manifest(copied_pack, "mediapipe")


def test_an_unknown_landmarker_is_refused(models_dir: Path) -> None:
    with pytest.raises(ModelPackError, match="landmarker: must be one of mediapipe, onnx"):
        OpenPackEngine.from_manifest(models_dir, "guess")


def test_the_engine_says_which_models_it_uses(engine: OpenPackEngine, onnx_engine: OpenPackEngine) -> None:
    assert engine.landmarker_name == "mediapipe-0.10.30/blazeface-short+facemesh-468"
    assert onnx_engine.landmarker_name == "onnx/blazeface-back+facemesh-468"
    assert engine.recognition_model == "dlib-resnet29-v1"
    assert engine.pad_model == "human-liveness-v1"
    assert engine.demographics_models == ("face-api-age-gender-v1", "hse-faceres-v1")


FORKING = """
import os, sys
from pathlib import Path
import numpy as np, skimage.data
from app.inference.engine import OpenPackEngine

engine = OpenPackEngine.from_manifest(Path(sys.argv[1]), sys.argv[2])
engine.warm_up()
image = np.ascontiguousarray(skimage.data.astronaut())

def measure():
    [face] = engine.detect(image, 1)
    return np.append(face.landmarks, engine.embed(image, face))

mine = measure()
child = os.fork()
if child == 0:
    sys.exit(0 if np.array_equal(measure(), mine) else 3)
_, status = os.waitpid(child, 0)
assert np.array_equal(measure(), mine)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.parametrize("landmarker", ["mediapipe", "onnx"])
def test_a_worker_forked_from_a_warm_parent_measures_the_same(models_dir: Path, landmarker: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING, str(models_dir), landmarker],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
