"""dlib's face recognition ResNet (`dlib_face_recognition_resnet_model_v1.dat`) as ONNX.

The file holds the network's parameters in the order of its layers and says nothing about the
architecture, which is the one that dlib publishes in `examples/dnn_face_recognition_ex.cpp`:
29 convolutions, each followed by a per-channel affine (gamma, beta) that is folded into it here.
Input: (N, 150, 150, 3) float32, already normalised. Output: (N, 128), not yet of length 1.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.errors import ModelPackError
from app.modelpack.onnx_graph import OnnxGraph

INPUT_SIZE = 150
EMBEDDING_SIZE = 128
# (output channels, first block halves the size, number of blocks), in the order of the data flow.
STAGES = ((32, False, 3), (64, True, 4), (128, True, 3), (256, True, 3), (256, True, 1))

# A tensor's record begins with its version, the int 2: one control byte (one byte follows), then 2.
_TENSOR_MARK = b"\x01\x02"
_DIMENSIONS = 4
_MAX_INT_BYTES = 8
# Every parameter is a vector or a matrix, the smallest the affine (gamma, beta) of 32 channels.
# Without these two checks the header, a run of small integers, would pass for a few tiny tensors, and
# one of them would swallow the first real one.
_NO_ROWS_OR_COLUMNS = [1, 1]
_SMALLEST_COUNT = 2 * 32


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """One convolution with its affine folded in."""

    filters: NDArray[np.float32]
    """(output channels, input channels, height, width)."""
    bias: NDArray[np.float32]
    """(output channels,)."""


def read_int(content: bytes, offset: int) -> tuple[int, int]:
    """Return the integer that dlib serialised at `offset`, and the offset after it.

    One control byte (top bit: negative, low nibble: number of bytes), then little-endian bytes.

    Raises:
        ValueError: there is no integer here.

    """
    if offset >= len(content):
        raise ValueError("the file ends where an integer should be")
    control = content[offset]
    size = control & 0x0F
    end = offset + 1 + size
    if not 1 <= size <= _MAX_INT_BYTES or control & 0x70 or end > len(content):
        raise ValueError("not a serialised integer")
    value = int.from_bytes(content[offset + 1 : end], "little")
    return (-value if control & 0x80 else value), end


def scan_tensors(content: bytes) -> Iterator[NDArray[np.float32]]:
    """Yield every vector or matrix of at least 64 values in file order, shape (n, k, 1, 1)."""
    offset = content.find(_TENSOR_MARK)
    while offset >= 0:
        found = _read_tensor(content, offset + len(_TENSOR_MARK))
        if found is None:
            offset = content.find(_TENSOR_MARK, offset + 1)
            continue
        tensor, offset = found
        yield tensor
        offset = content.find(_TENSOR_MARK, offset)


def _read_tensor(content: bytes, offset: int) -> tuple[NDArray[np.float32], int] | None:
    shape = []
    try:
        for _ in range(_DIMENSIONS):
            size, offset = read_int(content, offset)
            shape.append(size)
    except ValueError:
        return None
    count = math.prod(shape)
    end = offset + 4 * count
    if shape[2:] != _NO_ROWS_OR_COLUMNS or count < _SMALLEST_COUNT or end > len(content):
        return None
    return np.frombuffer(content, "<f4", count, offset).reshape(shape), end


def convert(content: bytes) -> bytes:
    """Return the network in the `.dat` file `content` as ONNX.

    Raises:
        ModelPackError: the file does not hold exactly the parameters of this architecture.

    """
    tensors = list(scan_tensors(content))
    count = 1 + sum(blocks * 2 for _, _, blocks in STAGES)
    if len(tensors) != 2 * count + 1:
        raise ModelPackError(f"dlib .dat: found {len(tensors)} tensors, expected {2 * count + 1}")
    # The file lists the input layer first and has the last layer's matrix, without bias, at the end.
    convolutions = _fold(tensors[:-1])
    return _build(convolutions, tensors[-1].reshape(256, EMBEDDING_SIZE))


def _fold(tensors: list[NDArray[np.float32]]) -> Iterator[Convolution]:
    """Pair filters-and-biases with the affine behind them; shapes follow from the architecture."""
    channels = 3
    sizes = [(32, 7)] + [(width, 3) for width, _, blocks in STAGES for _ in range(2 * blocks)]
    for (width, kernel), parameters, affine in zip(sizes, tensors[::2], tensors[1::2], strict=True):
        weights = width * channels * kernel * kernel
        flat, gamma_beta = parameters.reshape(-1), affine.reshape(-1)
        if flat.size != weights + width or gamma_beta.size != 2 * width:
            raise ModelPackError("dlib .dat: a layer has another size than the published architecture")
        gamma, beta = gamma_beta[:width], gamma_beta[width:]
        filters = flat[:weights].reshape(width, channels, kernel, kernel) * gamma[:, None, None, None]
        yield Convolution(filters, flat[weights:] * gamma + beta)
        channels = width


def _build(convolutions: Iterator[Convolution], matrix: NDArray[np.float32]) -> bytes:
    graph = OnnxGraph("dlib_resnet29")
    image = graph.input("image", ["N", INPUT_SIZE, INPUT_SIZE, 3])
    value = graph.node("Transpose", image, perm=[0, 3, 1, 2])
    value = graph.node("Relu", _convolve(graph, value, next(convolutions), stride=2, pad=0))
    value = graph.node("MaxPool", value, kernel_shape=[3, 3], strides=[2, 2])
    channels, size = 32, _size_after(_size_after(INPUT_SIZE, 7), 3)
    for width, halves, blocks in STAGES:
        for block in range(blocks):
            if halves and block == 0:
                value = _down_block(graph, value, convolutions, width - channels, size)
                channels, size = width, max(_size_after(size, 2), _size_after(size, 3))
            else:
                value = _block(graph, value, convolutions)
    value = graph.node("Flatten", graph.node("GlobalAveragePool", value))
    graph.output(graph.node("MatMul", value, graph.floats(matrix)), "embedding", ["N", EMBEDDING_SIZE])
    return graph.to_bytes()


def _size_after(size: int, kernel: int) -> int:
    """Return the side length after a stride-2 window of `kernel` without padding."""
    return (size - kernel) // 2 + 1


def _block(graph: OnnxGraph, value: str, convolutions: Iterator[Convolution]) -> str:
    branch = graph.node("Relu", _convolve(graph, value, next(convolutions), stride=1, pad=1))
    branch = _convolve(graph, branch, next(convolutions), stride=1, pad=1)
    return graph.node("Relu", graph.node("Add", branch, value))


def _down_block(
    graph: OnnxGraph, value: str, convolutions: Iterator[Convolution], grow: int, size: int
) -> str:
    """Halve the side and add `grow` channels; whatever is smaller is zero-padded at its end."""
    branch = graph.node("Relu", _convolve(graph, value, next(convolutions), stride=2, pad=0))
    branch = _convolve(graph, branch, next(convolutions), stride=1, pad=1)
    shortcut = graph.node("AveragePool", value, kernel_shape=[2, 2], strides=[2, 2])
    missing = _size_after(size, 2) - _size_after(size, 3)
    branch = _pad(graph, branch, 0, max(missing, 0))
    shortcut = _pad(graph, shortcut, grow, max(-missing, 0))
    return graph.node("Relu", graph.node("Add", branch, shortcut))


def _pad(graph: OnnxGraph, value: str, channels: int, side: int) -> str:
    if not channels and not side:
        return value
    return graph.node("Pad", value, graph.ints([0, 0, 0, 0, 0, channels, side, side]))


def _convolve(graph: OnnxGraph, value: str, layer: Convolution, stride: int, pad: int) -> str:
    return graph.node(
        "Conv",
        value,
        graph.floats(layer.filters),
        graph.floats(layer.bias),
        kernel_shape=list(layer.filters.shape[2:]),
        strides=[stride, stride],
        pads=[pad] * 4,
    )
