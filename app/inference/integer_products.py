"""Products of 8-bit matrices: the fastest exact arithmetic that every processor has an instruction for."""

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from app.inference.runtime import PerProcess

# Processors without a four-way product add pairs of u8 × s8 in 16 bits, which must not overflow:
# 2 × 128 × 127 = 32 512 < 32 768. With these limits every processor gives the same, exact integers.
LARGEST_CODE = 127
LARGEST_DIGIT = 64
DIGIT_ZERO = 64
"""The digit that means 0: unsigned digits 0…128 stand for −64…64."""

_LOG_ERRORS = 3
# ONNX: element types of tensors, and the versions in which MatMulInteger is defined.
_UINT8, _INT8, _INT32 = 2, 3, 6
_IR_VERSION, _OPSET = 8, 13


class IntegerProducts:
    """`(digits − 64) @ codes` in 32-bit integers; thread-safe, and safe to inherit through a fork.

    Each call uses the thread that it is made in.
    """

    def __init__(self) -> None:
        self._session = PerProcess(_open)

    def multiply(self, digits: NDArray[np.uint8], codes: NDArray[np.int8]) -> NDArray[np.int32]:
        """Multiply (rows, d) digits with (blocks, d, columns) codes; (blocks, rows, columns), exactly.

        Digits must lie in 0…2 · `LARGEST_DIGIT`, codes in −`LARGEST_CODE`…`LARGEST_CODE`. Columns that are
        faces fill the registers of the processor; rows that are faces would leave them almost empty.
        """
        products: NDArray[np.int32] = self._session.get().run(None, {"digits": digits, "codes": codes})[0]
        return products


def _open() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _LOG_ERRORS
    options.enable_cpu_mem_arena = False  # between two searches no buffer is kept
    session = onnxruntime.InferenceSession(
        multiplication(), sess_options=options, providers=["CPUExecutionProvider"]
    )
    _require_exact(session)
    return session


def _require_exact(session: onnxruntime.InferenceSession) -> None:
    # A search that silently misses people would be worse than none.
    extremes = np.array([LARGEST_CODE, -LARGEST_CODE, LARGEST_CODE - 1, 0], np.int8)
    codes = np.ascontiguousarray(extremes[np.indices((3, 256, 37)).sum(axis=0) // 2 % 4])
    digits = np.full((2, 256), DIGIT_ZERO + LARGEST_DIGIT, np.uint8)
    digits[1, ::3] = DIGIT_ZERO - LARGEST_DIGIT
    expected = (digits.astype(np.int64) - DIGIT_ZERO) @ codes.astype(np.int64)
    if not np.array_equal(session.run(None, {"digits": digits, "codes": codes})[0], expected):
        raise RuntimeError("this processor multiplies 8-bit integers wrongly: faces cannot be searched")


def multiplication() -> bytes:
    """Return the ONNX model of the one operation, in Protocol Buffers' wire format.

    Field numbers: onnx.proto, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
    """
    zero = _number(2, _UINT8) + _bytes(8, b"zero") + _bytes(9, bytes([DIGIT_ZERO]))  # TensorProto
    node = b"".join(_bytes(1, name) for name in (b"digits", b"codes", b"zero"))  # NodeProto
    node += _bytes(2, b"products") + _bytes(4, b"MatMulInteger")
    graph = _bytes(1, node) + _bytes(2, b"integer products") + _bytes(5, zero)  # GraphProto
    graph += _bytes(11, _tensor(b"digits", _UINT8, 2)) + _bytes(11, _tensor(b"codes", _INT8, 3))
    graph += _bytes(12, _tensor(b"products", _INT32, 3))
    return _number(1, _IR_VERSION) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _number(2, _OPSET))


def _tensor(name: bytes, element: int, axes: int) -> bytes:
    """Describe a tensor of any size: ValueInfoProto of a TypeProto of a TensorShapeProto."""
    shape = _bytes(1, b"") * axes
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
