"""Products of 8-bit matrices: the fastest exact arithmetic that every processor has an instruction for."""

import os

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from app.inference.runtime import PerProcess

CODE_ZERO = 128
"""The code that means 0: unsigned codes 1…255 stand for −127…127."""
# Processors without a four-way product add pairs of u8 × s8 in 16 bits, which must not overflow:
# 2 × 255 × 64 = 32 640 < 32 768. With these limits every processor gives the same, exact integers.
LARGEST_DIGIT = 64

# One search is short and others wait for it, but more threads than this only wait for memory.
_MOST_THREADS = 4
_LOG_ERRORS = 3
# ONNX: element types of tensors, and the versions in which MatMulInteger is defined.
_UINT8, _INT8, _INT32 = 2, 3, 6
_IR_VERSION, _OPSET = 8, 13


class IntegerProducts:
    """`(codes − 128) @ digits` in 32-bit integers; thread-safe, and safe to inherit through a fork."""

    def __init__(self) -> None:
        self._session = PerProcess(_open)

    def multiply(self, codes: NDArray[np.uint8], digits: NDArray[np.int8]) -> NDArray[np.int32]:
        """Return the exact (rows, columns) products of (rows, d) codes and (d, columns) digits.

        `digits` must lie in −`LARGEST_DIGIT`…`LARGEST_DIGIT`.
        """
        products: NDArray[np.int32] = self._session.get().run(None, {"codes": codes, "digits": digits})[0]
        return products


def _open() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(_MOST_THREADS, _usable_cores())
    options.inter_op_num_threads = 1
    options.log_severity_level = _LOG_ERRORS
    # Between two searches nothing may spin, and no buffer be kept.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False
    session = onnxruntime.InferenceSession(
        multiplication(), sess_options=options, providers=["CPUExecutionProvider"]
    )
    _require_exact(session)
    return session


def _require_exact(session: onnxruntime.InferenceSession) -> None:
    # A search that silently misses people would be worse than none.
    extremes = np.array([1, 255, 0, 254], np.uint8)
    codes = np.ascontiguousarray(extremes[np.indices((9, 256)).sum(axis=0) // 2 % 4])
    digits = np.full((256, 2), LARGEST_DIGIT, np.int8)
    digits[::3, 1] = -LARGEST_DIGIT
    expected = (codes.astype(np.int64) - CODE_ZERO) @ digits.astype(np.int64)
    if not np.array_equal(session.run(None, {"codes": codes, "digits": digits})[0], expected):
        raise RuntimeError("this processor multiplies 8-bit integers wrongly: faces cannot be searched")


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def multiplication() -> bytes:
    """Return the ONNX model of the one operation, in Protocol Buffers' wire format.

    Field numbers: onnx.proto, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
    """
    zero = _number(2, _UINT8) + _bytes(8, b"zero") + _bytes(9, bytes([CODE_ZERO]))  # TensorProto
    node = b"".join(_bytes(1, name) for name in (b"codes", b"digits", b"zero"))  # NodeProto
    node += _bytes(2, b"products") + _bytes(4, b"MatMulInteger")
    graph = _bytes(1, node) + _bytes(2, b"integer products") + _bytes(5, zero)  # GraphProto
    graph += _bytes(11, _matrix(b"codes", _UINT8)) + _bytes(11, _matrix(b"digits", _INT8))
    graph += _bytes(12, _matrix(b"products", _INT32))
    return _number(1, _IR_VERSION) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _number(2, _OPSET))


def _matrix(name: bytes, element: int) -> bytes:
    """Describe a matrix of any size: ValueInfoProto of a TypeProto of a TensorShapeProto."""
    shape = _bytes(1, b"") * 2
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, element) + _bytes(2, shape)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    head = b""
    while value > 127:
        head += bytes([value & 127 | 128])
        value >>= 7
    return head + bytes([value])
