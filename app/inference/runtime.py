"""ONNX Runtime sessions: created on first use, one per process, deterministic on the CPU."""

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from app.inference.manifest import Model
from app.inference.types import RgbImage

T = TypeVar("T")

# ONNX Runtime's levels are 0 verbose … 3 error, 4 fatal: errors stay visible, notices do not.
_LOG_ERRORS = 3


class PerProcess(Generic[T]):
    """A value that every process makes for itself, on first use.

    A native session that was used before a fork may hang in the child, because its threads are not
    there any more. Keys are process ids, so a forked worker makes its own and never touches (or
    destroys) its parent's.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._cells: dict[int, _Cell[T]] = {}

    def get(self) -> T:
        """Return this process's value; concurrent first calls of several threads make one."""
        # setdefault is one atomic step, and a lock that was held during the fork has another key
        cell = self._cells.setdefault(os.getpid(), _Cell())
        with cell.lock:
            if cell.value is None:
                cell.value = self._make()
            return cell.value


class _Cell(Generic[T]):
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value: T | None = None


class OnnxModel:
    """One ONNX file. Safe to share between threads and to inherit through a fork."""

    def __init__(self, path: Path, spec: Model, threads: int = 1) -> None:
        """Remember the file; `threads` is the number of threads that one `run` may use.

        One thread is the default: these networks are small, and a server is busy with several
        requests at once.
        """
        self.spec = spec
        self._path = path
        self._threads = threads
        self._session = PerProcess(self._open)

    def run(self, *chips: RgbImage) -> dict[str, NDArray[np.float32]]:
        """Normalise `chips` of the model's input size and return output name -> (N, …) array."""
        session = self._session.get()
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, {"image": prepare(chips, self.spec)}), strict=True))

    def _open(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _LOG_ERRORS
        return onnxruntime.InferenceSession(
            str(self._path), sess_options=options, providers=["CPUExecutionProvider"]
        )


def prepare(chips: Sequence[RgbImage], spec: Model) -> NDArray[np.float32]:
    """Return chips as the normalised batch that `spec` takes, (N, size, size, 3)."""
    batch = np.stack(chips).astype(np.float32)
    if spec.colour_order == "BGR":
        batch = batch[..., ::-1]
    normalised = (batch - np.array(spec.mean, np.float32)) / np.float32(spec.divisor)
    return np.ascontiguousarray(normalised, dtype=np.float32)
