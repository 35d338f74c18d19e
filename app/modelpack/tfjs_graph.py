"""TensorFlow.js graph models (`*.json` + `*.bin`) as ONNX.

Covers the operations of the BlazeFace, FaceMesh, Iris, FaceRes and liveness networks. The input
stays (N, height, width, channels) as in the original; inside, pictures are channels-first, because
ONNX convolutions are, so the axes are turned once after the input and back before a reshape.
"""

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from app.errors import ModelPackError
from app.modelpack.onnx_graph import OnnxGraph
from app.modelpack.tfjs_weights import Array, read_weights

_TO_CHANNELS_FIRST = (0, 3, 1, 2)
_TO_CHANNELS_LAST = (0, 2, 3, 1)
_AUTO_PAD = {"SAME": "SAME_UPPER", "VALID": "VALID"}
_ELEMENTWISE = {"Add": "Add", "AddV2": "Add", "Mul": "Mul", "Minimum": "Min", "Maximum": "Max"}
_BOUNDS = ("Minimum", "Maximum")
_ACTIVATIONS = {"Relu": "Relu", "Sigmoid": "Sigmoid"}

Node: TypeAlias = Mapping[str, Any]
Outputs: TypeAlias = Mapping[str, tuple[str, Sequence[int | str]]]


@dataclass(frozen=True, slots=True)
class _Value:
    """A computed tensor: its ONNX name, and whether it is a channels-first picture."""

    name: str
    picture: bool
    floor: float = -math.inf
    """No element is smaller."""


def convert(model: Mapping[str, Any], weights: bytes, outputs: Outputs) -> bytes:
    """Return the parsed TFJS `model` with its `weights` as ONNX.

    `outputs` maps node names to name and shape of the ONNX outputs. The one input is called `image`.

    Raises:
        ModelPackError: an operation or an option that this converter does not know.

    """
    conversion = _Conversion(read_weights(model["weightsManifest"], weights))
    for node in model["modelTopology"]["node"]:
        conversion.add(node)
    return conversion.finish(outputs)


def _strings(node: Node, attribute: str) -> list[str]:
    values = node["attr"].get(attribute, {}).get("list", {}).get("s", [])
    return [base64.b64decode(value).decode() for value in values]


def _ints(node: Node, attribute: str) -> list[int]:
    return [int(value) for value in node["attr"][attribute]["list"]["i"]]


class _Conversion:
    def __init__(self, constants: Mapping[str, Array]) -> None:
        self._graph = OnnxGraph("tfjs_graph_model")
        self._constants = constants
        self._values: dict[str, _Value] = {}
        self._handlers: dict[str, Callable[[Node], _Value]] = {
            "Placeholder": self._placeholder,
            "Identity": lambda node: self._values[node["input"][0]],
            "Conv2D": self._convolution,
            "_FusedConv2D": self._convolution,
            "DepthwiseConv2dNative": self._depthwise,
            "Prelu": lambda node: self._prelu(self._values[node["input"][0]], node["input"][1]),
            "Softmax": self._softmax,
            "MaxPool": self._max_pool,
            "Pad": self._pad,
            "Mean": self._mean,
            "Reshape": self._reshape,
            "_FusedMatMul": self._matrix_product,
            "ConcatV2": self._concatenate,
            **dict.fromkeys(_ELEMENTWISE, self._elementwise),
            **dict.fromkeys(_ACTIVATIONS, self._activation),
        }

    def add(self, node: Node) -> None:
        kind = node["op"]
        if kind == "Const":
            return
        if kind not in self._handlers:
            raise ModelPackError(f"TFJS operation {kind!r} ({node['name']}) is not supported")
        self._values[node["name"]] = self._handlers[kind](node)

    def finish(self, outputs: Outputs) -> bytes:
        for node_name, (name, shape) in outputs.items():
            self._graph.output(self._channels_last(self._values[node_name]), name, shape)
        return self._graph.to_bytes()

    def _placeholder(self, node: Node) -> _Value:
        sizes = [int(dimension["size"]) for dimension in node["attr"]["shape"]["shape"]["dim"]]
        if len(sizes) != 4 or self._values:
            raise ModelPackError("a TFJS model must have one input of four dimensions")
        name = self._graph.input("image", ["N" if size < 0 else size for size in sizes])
        return _Value(self._graph.node("Transpose", name, perm=_TO_CHANNELS_FIRST), True)

    def _convolution(self, node: Node) -> _Value:
        filters = self._constants[node["input"][1]].transpose(3, 2, 0, 1)
        return self._fused(node, self._convolve(node, filters, groups=1))

    def _depthwise(self, node: Node) -> _Value:
        rows, columns, channels, multiplier = self._constants[node["input"][1]].shape
        filters = self._constants[node["input"][1]].transpose(2, 3, 0, 1)
        filters = filters.reshape(channels * multiplier, 1, rows, columns)
        return self._convolve(node, filters, groups=channels)

    def _convolve(self, node: Node, filters: Array, groups: int) -> _Value:
        name = self._graph.node(
            "Conv",
            self._values[node["input"][0]].name,
            self._graph.floats(filters),
            kernel_shape=filters.shape[2:],
            strides=_ints(node, "strides")[1:3],
            dilations=_ints(node, "dilations")[1:3],
            auto_pad=self._auto_pad(node),
            group=groups,
        )
        return _Value(name, True)

    def _fused(self, node: Node, value: _Value) -> _Value:
        """Append what TensorFlow fused into a convolution or matrix product, in its order."""
        extra = iter(node["input"][2:])
        for kind in _strings(node, "fused_ops"):
            if kind == "BiasAdd":
                value = self._binary("Add", value, next(extra))
            elif kind == "Relu":
                value = self._unary("Relu", value)
            elif kind == "Relu6":
                zero, six = self._graph.floats(0), self._graph.floats(6)
                value = _Value(self._graph.node("Clip", value.name, zero, six), value.picture)
            elif kind == "Prelu":
                value = self._prelu(value, next(extra))
            else:
                raise ModelPackError(f"fused operation {kind!r} ({node['name']}) is not supported")
        return value

    def _prelu(self, value: _Value, slope: str) -> _Value:
        return self._binary("PRelu", value, slope)

    def _elementwise(self, node: Node) -> _Value:
        left, right = node["input"]
        if left in self._constants:  # all four operations are commutative
            left, right = right, left
        bound = self._constants.get(right)
        if bound is not None and bound.ndim == 0 and node["op"] in _BOUNDS:
            return self._bounded(node["op"], self._values[left], float(bound))
        return self._binary(_ELEMENTWISE[node["op"]], self._values[left], right)

    def _bounded(self, kind: str, value: _Value, bound: float) -> _Value:
        """Append a comparison with a number as Clip, which ONNX Runtime joins to a convolution."""
        if kind == "Minimum":
            limit = self._graph.floats(bound)
            name = self._graph.node("Clip", value.name, "", limit)
            return _Value(name, value.picture, min(value.floor, bound))
        if bound <= value.floor:
            return value
        name = self._graph.node("Clip", value.name, self._graph.floats(bound))
        return _Value(name, value.picture, bound)

    def _activation(self, node: Node) -> _Value:
        value = self._values[node["input"][0]]
        return _Value(self._graph.node(_ACTIVATIONS[node["op"]], value.name), value.picture, floor=0)

    def _softmax(self, node: Node) -> _Value:
        name = self._channels_last(self._values[node["input"][0]])
        return _Value(self._graph.node("Softmax", name, axis=-1), False)

    def _max_pool(self, node: Node) -> _Value:
        name = self._graph.node(
            "MaxPool",
            self._values[node["input"][0]].name,
            kernel_shape=_ints(node, "ksize")[1:3],
            strides=_ints(node, "strides")[1:3],
            auto_pad=self._auto_pad(node),
        )
        return _Value(name, True)

    def _pad(self, node: Node) -> _Value:
        value = self._values[node["input"][0]]
        paddings = self._constants[node["input"][1]]
        if value.picture:
            paddings = paddings[list(_TO_CHANNELS_FIRST)]
        sizes = self._graph.ints(paddings.T.reshape(-1))
        return _Value(self._graph.node("Pad", value.name, sizes), value.picture)

    def _mean(self, node: Node) -> _Value:
        axes = sorted(int(axis) for axis in np.atleast_1d(self._constants[node["input"][1]]))
        if axes != [1, 2] or node["attr"].get("keep_dims", {}).get("b"):
            raise ModelPackError(f"Mean ({node['name']}) is supported over rows and columns only")
        name = self._values[node["input"][0]].name
        return _Value(self._graph.node("ReduceMean", name, axes=[2, 3], keepdims=0), False)

    def _reshape(self, node: Node) -> _Value:
        name = self._channels_last(self._values[node["input"][0]])
        shape = self._graph.ints(self._constants[node["input"][1]])
        return _Value(self._graph.node("Reshape", name, shape), False)

    def _matrix_product(self, node: Node) -> _Value:
        if any(node["attr"].get(side, {}).get("b") for side in ("transpose_a", "transpose_b")):
            raise ModelPackError(f"transposed matrix product ({node['name']}) is not supported")
        name = self._channels_last(self._values[node["input"][0]])
        matrix = self._graph.floats(self._constants[node["input"][1]])
        return self._fused(node, _Value(self._graph.node("MatMul", name, matrix), False))

    def _concatenate(self, node: Node) -> _Value:
        *names, axis_name = node["input"]
        values = [self._values[name] for name in names]
        axis = int(self._constants[axis_name])
        if all(value.picture for value in values):
            joined = [value.name for value in values]
            return _Value(self._graph.node("Concat", *joined, axis=_TO_CHANNELS_FIRST.index(axis % 4)), True)
        joined = [self._channels_last(value) for value in values]
        return _Value(self._graph.node("Concat", *joined, axis=axis), False)

    def _unary(self, kind: str, value: _Value) -> _Value:
        return _Value(self._graph.node(kind, value.name), value.picture)

    def _binary(self, kind: str, value: _Value, operand: str) -> _Value:
        return _Value(self._graph.node(kind, value.name, self._operand(operand, value)), value.picture)

    def _operand(self, name: str, beside: _Value) -> str:
        """Return `name` in the axis order of the value that it is combined with."""
        if name not in self._constants:
            other = self._values[name]
            return other.name if beside.picture else self._channels_last(other)
        constant = self._constants[name]
        if beside.picture and constant.ndim:
            padded = constant.reshape((1,) * (4 - constant.ndim) + constant.shape)
            constant = padded.transpose(_TO_CHANNELS_FIRST)[0]
        return self._graph.floats(constant)

    def _channels_last(self, value: _Value) -> str:
        if not value.picture:
            return value.name
        return self._graph.node("Transpose", value.name, perm=_TO_CHANNELS_LAST)

    def _auto_pad(self, node: Node) -> str:
        return _AUTO_PAD[base64.b64decode(node["attr"]["padding"]["s"]).decode()]
