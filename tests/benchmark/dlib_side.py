"""Runs inside of the throw-away environment that has dlib: no import of this project, no option.

    python dlib_side.py WEIGHTS.dat CHIPS.npy OUT.npy ROUNDS

Writes the (n, 128) embeddings of the (n, 150, 150, 3) chips and prints what it took as JSON.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable

import dlib  # type: ignore[import-not-found]
import numpy as np


def main(weights: str, chips_file: str, out_file: str, rounds: int) -> None:
    """Embed every chip one at a time and all in one batch, `rounds` times each."""
    model = dlib.face_recognition_model_v1(weights)
    chips = list(np.load(chips_file))
    embeddings = [model.compute_face_descriptor(chip) for chip in chips]
    cpu = time.process_time()
    singles = [_timed(model.compute_face_descriptor, chip) for chip in chips * rounds]
    cpu = time.process_time() - cpu
    batches = [_timed(model.compute_face_descriptor, chips) for _ in range(rounds)]
    np.save(out_file, np.array(embeddings, np.float64))
    answer = {
        "version": dlib.__version__,
        "avx": bool(dlib.USE_AVX_INSTRUCTIONS),
        "blas": bool(dlib.DLIB_USE_BLAS),
        "cuda": bool(dlib.DLIB_USE_CUDA),
        "single_cpu_ms": cpu / len(singles) * 1000,
        "single_ms": statistics.median(singles) * 1000,
        "batch_ms": statistics.median(batches) / len(chips) * 1000,
    }
    print(json.dumps(answer))  # noqa: T201 - its answer


def _timed(call: Callable[[object], object], chips: object) -> float:
    began = time.perf_counter()
    call(chips)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
