"""Nothing is ever sent: shown at system-call level, where native code cannot hide.

ONNX Runtime writes a device id at once and uploads some seconds later unless it is told not to
before its first import. The control is ONNX Runtime alone, without the service's switch: while it
reaches for the network, the service, started before it, must not.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.factory import ROOT

UPLOAD_TIMEOUT_S = 60

SERVICE = """
from tests.inference.syscall_filter import forbid_internet_sockets
forbid_internet_sockets()
import app
import sys
from pathlib import Path
import numpy as np, skimage.data
from app.inference.engine import OpenPackEngine

image = np.ascontiguousarray(skimage.data.astronaut())
for landmarker in ("mediapipe", "onnx"):
    engine = OpenPackEngine.from_manifest(Path(sys.argv[1]), landmarker)
    engine.warm_up()
    [face] = engine.detect(image, 2)
    engine.embed(image, face)
    engine.estimate_demographics(image, face)
    engine.bona_fide_score(image, face)
print("measured", flush=True)
sys.stdin.read()
"""

CONTROL = """
from tests.inference.syscall_filter import forbid_internet_sockets
forbid_internet_sockets()
import sys
import onnxruntime
onnxruntime.InferenceSession(sys.argv[1] + "/liveness.onnx", providers=["CPUExecutionProvider"])
sys.stdin.read()
"""

OPEN_A_SOCKET = """
from tests.inference.syscall_filter import forbid_internet_sockets
forbid_internet_sockets()
import socket, sys
socket.socket(getattr(socket, sys.argv[1]))
"""


def start(code: str, argument: Path | str, home: Path) -> subprocess.Popen[str]:
    home.mkdir()
    # Nothing else of this machine's environment: ONNX Runtime also keeps still where `CI` is set.
    environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    return subprocess.Popen(
        [sys.executable, "-c", code, str(argument)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def service(models_dir: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with start(SERVICE, models_dir, tmp_path / "service") as process:
        yield process
        process.kill()


def test_no_model_reaches_for_the_network_while_a_runtime_without_the_switch_does(
    service: subprocess.Popen[str], models_dir: Path, tmp_path: Path
) -> None:
    assert service.stdout is not None
    assert service.stdout.readline() == "measured\n"
    with start(CONTROL, models_dir, tmp_path / "control") as control:
        assert control.wait(UPLOAD_TIMEOUT_S) == -signal.SIGSYS
    _, errors = service.communicate("", timeout=UPLOAD_TIMEOUT_S)
    assert (service.returncode, errors) == (0, "")
    assert list((tmp_path / "control").iterdir()) != []
    assert list((tmp_path / "service").iterdir()) == []


@pytest.mark.parametrize(
    ("family", "code"), [("AF_INET", -signal.SIGSYS), ("AF_INET6", -signal.SIGSYS), ("AF_UNIX", 0)]
)
def test_the_filter_kills_at_the_first_internet_socket(tmp_path: Path, family: str, code: int) -> None:
    with start(OPEN_A_SOCKET, family, tmp_path / "home") as process:
        process.communicate(timeout=UPLOAD_TIMEOUT_S)
    assert process.returncode == code
