"""The TFJS converter, operation by operation, against NumPy; all pictures are channels-last."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from app.errors import ModelPackError
from app.modelpack.tfjs_graph import convert
from app.modelpack.tfjs_weights import read_weights

Array = NDArray[np.float32]
RANDOM = np.random.default_rng(7)
IMAGE: Array = RANDOM.normal(size=(1, 7, 6, 3)).astype(np.float32)


def values(*shape: int) -> Array:
    return RANDOM.normal(size=shape).astype(np.float32)


def text(value: str) -> dict[str, str]:
    return {"s": base64.b64encode(value.encode()).decode()}


def ints(*numbers: int) -> dict[str, Any]:
    return {"list": {"i": [str(number) for number in numbers]}}


def node(kind: str, name: str, *inputs: str, **attributes: Any) -> dict[str, Any]:
    return {"op": kind, "name": name, "input": list(inputs), "attr": attributes}


def run(
    nodes: Sequence[Mapping[str, Any]],
    weights: Mapping[str, NDArray[Any]],
    rank: int = 4,
    image: Array = IMAGE,
) -> Array:
    """Convert input → `nodes` → the node called `y`, and run it on `image`."""
    sizes = [{"size": str(size)} for size in (-1, *image.shape[1:])]
    placeholder = {"op": "Placeholder", "name": "x", "attr": {"shape": {"shape": {"dim": sizes}}}}
    constants = [{"op": "Const", "name": name} for name in weights]
    entries = [
        {"name": name, "shape": list(array.shape), "dtype": str(array.dtype)}
        for name, array in weights.items()
    ]
    model = {
        "modelTopology": {"node": [placeholder, *constants, *nodes]},
        "weightsManifest": [{"weights": entries}],
    }
    content = b"".join(array.tobytes() for array in weights.values())
    onnx = convert(model, content, {"y": ("y", [f"d{axis}" for axis in range(rank)])})
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    [output] = session.run(["y"], {"image": image})
    return np.asarray(output)


def windows(x: Array, kernel: int, stride: int, same: bool, fill: float = 0) -> Array:
    """Return (N, rows, columns, C, kernel, kernel) with TensorFlow's padding rule."""
    pads = [(0, 0)]
    for size in x.shape[1:3]:
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0) if same else 0
        pads.append((total // 2, total - total // 2))
    padded = np.pad(x, [*pads, (0, 0)], constant_values=fill)
    return sliding_window_view(padded, (kernel, kernel), axis=(1, 2))[:, ::stride, ::stride]


def convolve(x: Array, filters: Array, stride: int, same: bool) -> Array:
    product = np.einsum("nhwcij,ijco->nhwo", windows(x, filters.shape[0], stride, same), filters)
    return np.asarray(product, np.float32)


def convolution(
    kind: str, *inputs: str, stride: int = 1, padding: str = "SAME", **more: Any
) -> dict[str, Any]:
    common = {"strides": ints(1, stride, stride, 1), "dilations": ints(1, 1, 1, 1), "padding": text(padding)}
    return node(kind, "y", "x", *inputs, **common, **more)


def fused(*names: str) -> dict[str, Any]:
    return {"list": {"s": [text(name)["s"] for name in names]}}


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_conv2d(stride: int, padding: str) -> None:
    filters = values(3, 3, 3, 4)
    actual = run([convolution("Conv2D", "w", stride=stride, padding=padding)], {"w": filters})
    assert actual == pytest.approx(convolve(IMAGE, filters, stride, padding == "SAME"), abs=1e-4)


@pytest.mark.parametrize(
    ("activation", "reference"),
    [
        ("Relu", lambda y: np.maximum(y, 0)),
        ("Relu6", lambda y: np.clip(y, 0, 6)),
        ("Prelu", lambda y: np.where(y < 0, y * np.float32(0.25), y)),
    ],
)
def test_a_fused_convolution_adds_its_bias_and_then_activates(activation: str, reference: Any) -> None:
    weights = {"w": values(3, 3, 3, 4) * 3, "b": values(4), "slope": np.full((1, 1, 4), 0.25, np.float32)}
    inputs = ("w", "b", "slope") if activation == "Prelu" else ("w", "b")
    actual = run([convolution("_FusedConv2D", *inputs, fused_ops=fused("BiasAdd", activation))], weights)
    expected = reference(convolve(IMAGE, weights["w"], 1, True) + weights["b"])
    assert actual == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_convolution_keeps_the_order_of_channel_and_multiplier(stride: int) -> None:
    filters = values(3, 3, 3, 2)
    actual = run([convolution("DepthwiseConv2dNative", "w", stride=stride)], {"w": filters})
    product = np.einsum("nhwcij,ijcm->nhwcm", windows(IMAGE, 3, stride, True), filters)
    assert actual == pytest.approx(product.reshape(*product.shape[:3], 6), abs=1e-4)


@pytest.mark.parametrize(
    ("kind", "reference"),
    [
        ("Add", np.add),
        ("AddV2", np.add),
        ("Mul", np.multiply),
        ("Minimum", np.minimum),
        ("Maximum", np.maximum),
    ],
)
@pytest.mark.parametrize("shape", [(), (3,), (1, 1, 3), (1, 1, 1, 3)])
@pytest.mark.parametrize("inputs", [("x", "c"), ("c", "x")])
def test_arithmetic_with_a_constant(
    kind: str, reference: Any, shape: tuple[int, ...], inputs: tuple[str, str]
) -> None:
    constant = values(*shape) if shape else np.array(0.3, np.float32)
    actual = run([node(kind, "y", *inputs)], {"c": constant})
    assert actual == pytest.approx(reference(IMAGE, constant), abs=1e-6)


def test_addition_of_two_computed_pictures() -> None:
    actual = run([node("Relu", "a", "x"), node("AddV2", "y", "x", "a")], {})
    assert actual == pytest.approx(IMAGE + np.maximum(IMAGE, 0), abs=1e-6)


@pytest.mark.parametrize("low", [-1.0, 0.0, 0.5])
def test_clipping_below_what_relu_leaves_still_clips(low: float) -> None:
    nodes = [
        node("Relu", "a", "x"),
        node("Minimum", "b", "a", "six"),
        node("Maximum", "y", "b", "low"),
    ]
    bounds = {"six": np.array(0.8, np.float32), "low": np.array(low, np.float32)}
    assert run(nodes, bounds) == pytest.approx(np.maximum(np.clip(IMAGE, 0, 0.8), low), abs=1e-6)


def test_relu_sigmoid_and_identity() -> None:
    nodes = [node("Relu", "a", "x"), node("Identity", "b", "a"), node("Sigmoid", "y", "b")]
    assert run(nodes, {}) == pytest.approx(1 / (1 + np.exp(-np.maximum(IMAGE, 0))), abs=1e-6)


def test_prelu_has_a_slope_for_each_channel() -> None:
    slope = values(1, 1, 3)
    assert run([node("Prelu", "y", "x", "s")], {"s": slope}) == pytest.approx(
        np.where(IMAGE < 0, IMAGE * slope, IMAGE), abs=1e-6
    )


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("kernel", [2, 3])
def test_max_pool(padding: str, kernel: int) -> None:
    pool = node(
        "MaxPool",
        "y",
        "x",
        ksize=ints(1, kernel, kernel, 1),
        strides=ints(1, 2, 2, 1),
        padding=text(padding),
    )
    expected = windows(IMAGE, kernel, 2, padding == "SAME", -np.inf).max(axis=(-2, -1))
    assert run([pool], {}) == pytest.approx(expected)


def test_padding_of_rows_columns_and_channels() -> None:
    paddings = np.array([[0, 0], [1, 2], [0, 1], [0, 5]], np.int32)
    actual = run([node("Pad", "y", "x", "p")], {"p": paddings})
    assert actual == pytest.approx(np.pad(IMAGE, paddings))


def test_mean_over_rows_and_columns() -> None:
    axes = np.array([1, 2], np.int32)
    assert run([node("Mean", "y", "x", "axes")], {"axes": axes}, rank=2) == pytest.approx(
        IMAGE.mean(axis=(1, 2)), abs=1e-6
    )


def test_reshape_reads_channels_last() -> None:
    shape = np.array([-1, 21, 6], np.int32)
    actual = run([node("Reshape", "y", "x", "shape")], {"shape": shape}, rank=3)
    assert np.array_equal(actual, IMAGE.reshape(-1, 21, 6))


def test_a_fused_matrix_product_after_a_reshape() -> None:
    weights = {"shape": np.array([-1, 126], np.int32), "m": values(126, 5), "b": values(5)}
    product = node("_FusedMatMul", "y", "flat", "m", "b", fused_ops=fused("BiasAdd", "Relu"))
    actual = run([node("Reshape", "flat", "x", "shape"), product], weights, rank=2)
    expected = np.maximum(IMAGE.reshape(1, 126) @ weights["m"] + weights["b"], 0)
    assert actual == pytest.approx(expected, abs=1e-4)


def test_softmax_goes_over_the_last_axis() -> None:
    actual = run(
        [node("Reshape", "flat", "x", "shape"), node("Softmax", "y", "flat")],
        {"shape": np.array([-1, 42, 3], np.int32)},
        rank=3,
    )
    powers = np.exp(IMAGE.reshape(1, 42, 3))
    assert actual == pytest.approx(powers / powers.sum(axis=-1, keepdims=True), abs=1e-6)


@pytest.mark.parametrize("axis", [1, 3, -1])
def test_concatenation_of_pictures(axis: int) -> None:
    nodes = [node("Relu", "a", "x"), node("ConcatV2", "y", "x", "a", "axis")]
    actual = run(nodes, {"axis": np.array(axis, np.int32)})
    assert actual == pytest.approx(np.concatenate([IMAGE, np.maximum(IMAGE, 0)], axis=axis))


@pytest.mark.parametrize(
    "nodes",
    [
        [node("FFT", "y", "x")],
        [convolution("_FusedConv2D", "w", fused_ops=fused("Elu"))],
        [node("Mean", "y", "x", "axis")],
    ],
    ids=["operation", "fused operation", "axes"],
)
def test_what_the_converter_does_not_know_is_refused(nodes: list[dict[str, Any]]) -> None:
    with pytest.raises(ModelPackError, match="supported"):
        run(nodes, {"w": values(3, 3, 3, 4), "axis": np.array([3], np.int32)})


def test_weights_are_dequantised_as_they_are_declared() -> None:
    manifest: list[dict[str, Any]] = [
        {
            "weights": [
                {"name": "plain", "shape": [2], "dtype": "float32"},
                {"name": "half", "shape": [2], "dtype": "float32", "quantization": {"dtype": "float16"}},
                {
                    "name": "byte",
                    "shape": [2],
                    "dtype": "float32",
                    "quantization": {"dtype": "uint8", "scale": 0.5, "min": -3.0},
                },
            ]
        },
        {"weights": [{"name": "shape", "shape": [1, 2], "dtype": "int32"}]},
    ]
    content = (
        np.array([1.5, -2], "<f4").tobytes()
        + np.array([0.25, 8], "<f2").tobytes()
        + bytes([0, 200])
        + np.array([7, -1], "<i4").tobytes()
    )
    weights = read_weights(manifest, content)
    assert {name: array.tolist() for name, array in weights.items()} == {
        "plain": [1.5, -2.0],
        "half": [0.25, 8.0],
        "byte": [-3.0, 97.0],
        "shape": [[7, -1]],
    }


@pytest.mark.parametrize(("size", "problem"), [(3, "end before 'w'"), (5, "belong to no entry")])
def test_weights_of_another_length_than_the_manifest_says_are_refused(size: int, problem: str) -> None:
    manifest = [{"weights": [{"name": "w", "shape": [1], "dtype": "float32"}]}]
    with pytest.raises(ModelPackError, match=problem):
        read_weights(manifest, bytes(size))
