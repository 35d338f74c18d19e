"""The weights of a TensorFlow.js model: one or more manifest groups over one run of bytes."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.errors import ModelPackError

Array: TypeAlias = NDArray[Any]

_DTYPES: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "int32": np.dtype("<i4"),
    "uint16": np.dtype("<u2"),
    "uint8": np.dtype("u1"),
}


def read_weights(groups: Iterable[Mapping[str, Any]], content: bytes) -> dict[str, Array]:
    """Return name -> array for the weights of `groups`, in whose order `content` lies.

    `float16` quantisation is plain half precision; integers stand for `value * scale + min`.
    Floating-point results are float32, integer weights int64.

    Raises:
        ModelPackError: `content` is longer or shorter than the manifest says.

    """
    weights, offset = {}, 0
    for entry in (entry for group in groups for entry in group["weights"]):
        stored = _stored_dtype(entry)
        count = math.prod(entry["shape"])
        end = offset + count * stored.itemsize
        if end > len(content):
            raise ModelPackError(f"weights end before {entry['name']!r} is complete")
        values = np.frombuffer(content, stored, count, offset).reshape(entry["shape"])
        weights[entry["name"]] = _dequantise(values, entry)
        offset = end
    if offset != len(content):
        raise ModelPackError(f"{len(content) - offset} bytes of weights belong to no entry of the manifest")
    return weights


def _stored_dtype(entry: Mapping[str, Any]) -> np.dtype[Any]:
    name = entry.get("quantization", entry)["dtype"]
    if name not in _DTYPES:
        raise ModelPackError(f"weight {entry['name']!r} has the unknown type {name!r}")
    return _DTYPES[name]


def _dequantise(values: Array, entry: Mapping[str, Any]) -> Array:
    if entry["dtype"] == "int32":
        return values.astype(np.int64)
    quantisation = entry.get("quantization", {})
    if "scale" in quantisation:
        # in double precision, so that the result does not depend on the order of rounding
        values = values * float(quantisation["scale"]) + float(quantisation["min"])
    return values.astype(np.float32)
