"""Reading dlib's serialised tensors, and the shape of the network made of them."""

import subprocess
import sys

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from app.errors import ModelPackError
from app.factory import ROOT
from app.modelpack.dlib_dat import STAGES, convert, read_int, scan_tensors

RANDOM = np.random.default_rng(3)


def serialised_int(value: int) -> bytes:
    """Write an integer as dlib does: control byte, then as few little-endian bytes as hold it."""
    size = max(1, (abs(value).bit_length() + 7) // 8)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def serialised_tensor(values: NDArray[np.float32]) -> bytes:
    shape = (*values.shape, *[1] * (4 - values.ndim))
    head = b"".join(serialised_int(size) for size in (2, *shape))
    return head + values.astype("<f4").tobytes()


def network_parameters() -> list[NDArray[np.float32]]:
    """Return small random parameters of every layer: filters and biases, gamma and beta, the matrix."""
    tensors, channels = [], 3
    for width, kernel in [(32, 7)] + [(width, 3) for width, _, blocks in STAGES for _ in range(2 * blocks)]:
        tensors += [RANDOM.normal(0, 0.05, width * (channels * kernel**2 + 1)), np.ones(2 * width)]
        channels = width
    return [tensor.astype(np.float32) for tensor in (*tensors, RANDOM.normal(size=(256, 128)))]


def file_of(tensors: list[NDArray[np.float32]]) -> bytes:
    # between the tensors lie learning rates and the like; the header is a run of small integers
    header = b"\x01\x02" * 12 + b"\x01\x03\x01\x15"
    return header + b"".join(serialised_tensor(tensor) + b"\x01\x00\x02\xff\x01" for tensor in tensors)


@pytest.mark.parametrize("value", [0, 1, 2, 127, 255, 256, 9248, 590080, -1, -300])
def test_integers_are_read_with_their_sign_and_length(value: int) -> None:
    content = b"\xff" + serialised_int(value)
    assert read_int(content, 1) == (value, len(content))


@pytest.mark.parametrize("content", [b"", b"\x00", b"\x09123456789", b"\x11\x01", b"\x02\x01"])
def test_what_is_not_an_integer_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="integer"):
        read_int(content, 0)


def test_the_scanner_finds_tensors_between_other_bytes() -> None:
    first = RANDOM.normal(size=70).astype(np.float32)
    second = RANDOM.normal(size=(16, 8)).astype(np.float32)
    found = list(scan_tensors(file_of([first, second])))
    assert [tensor.shape for tensor in found] == [(70, 1, 1, 1), (16, 8, 1, 1)]
    assert np.array_equal(found[0].reshape(-1), first)
    assert np.array_equal(found[1].reshape(16, 8), second)


def test_a_tensor_that_the_file_cuts_short_is_not_found() -> None:
    content = serialised_tensor(np.ones(70, np.float32))
    assert list(scan_tensors(content[:-1])) == []


def test_a_complete_file_becomes_a_network_of_128_outputs() -> None:
    onnx = convert(file_of(network_parameters()))
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    image = RANDOM.normal(size=(2, 150, 150, 3)).astype(np.float32)
    [embedding] = session.run(["embedding"], {"image": image})
    assert embedding.shape == (2, 128)
    assert np.isfinite(embedding).all()
    assert not np.allclose(embedding[0], embedding[1])


def test_the_affine_is_folded_into_the_convolution() -> None:
    parameters = network_parameters()
    scaled = [tensor.copy() for tensor in parameters]
    scaled[0] *= 2  # twice the filters and biases of the first layer …
    scaled[1][:32] /= 2  # … and half its gamma is the same network
    assert len(convert(file_of(scaled))) == len(convert(file_of(parameters)))
    outputs = [
        onnxruntime.InferenceSession(convert(file_of(tensors)), providers=["CPUExecutionProvider"]).run(
            None, {"image": np.ones((1, 150, 150, 3), np.float32)}
        )[0]
        for tensors in (parameters, scaled)
    ]
    assert outputs[0] == pytest.approx(outputs[1], rel=1e-3, abs=1e-3)


def test_a_file_with_a_tensor_too_few_is_refused() -> None:
    with pytest.raises(ModelPackError, match="found 58 tensors, expected 59"):
        convert(file_of(network_parameters()[:-1]))


def test_a_layer_of_another_size_is_refused() -> None:
    parameters = network_parameters()
    parameters[0] = parameters[0][:-1]
    with pytest.raises(ModelPackError, match="another size"):
        convert(file_of(parameters))


BUILD = """
import hashlib
import numpy as np
from app.modelpack.onnx_graph import OnnxGraph

graph = OnnxGraph("sample")
value = graph.node("Conv", graph.input("image", ["N", 3, 8, 8]), graph.floats(np.ones((4, 3, 3, 3))),
                   kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1], group=1)
graph.output(graph.node("Relu", value), "y", ["N", 4, 8, 8])
print(hashlib.sha256(graph.to_bytes()).hexdigest())
"""


def test_two_builds_in_two_processes_are_byte_identical() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", BUILD],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
