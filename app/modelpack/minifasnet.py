"""MiniFASNet, the passive liveness networks of the Silent-Face-Anti-Spoofing project, as ONNX.

Both published networks, V2 and V1SE, are this one architecture; the width of every layer, and which
blocks have a squeeze-and-excitation module, is read from the weights. Batch normalisation is folded
into the convolution before it. Input: (N, 80, 80, 3) float32, blue first, 0…255. Output: `scores`
(N, 3), softmax; class 1 is a live face, 0 and 2 are attacks.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import ModelPackError
from app.modelpack.onnx_graph import OnnxGraph
from app.modelpack.torch_weights import read_checkpoint

INPUT_SIZE, CLASSES = 80, 3
# Block that halves the side → stage of residual blocks behind it, and how many it has.
STAGES = (("conv_23", "conv_3", 4), ("conv_34", "conv_4", 6), ("conv_45", "conv_5", 2))
# PyTorch's default for batch normalisation, which the networks were trained with.
EPSILON = 1e-5
# Weights of a network that was trained on several devices are named below this.
_PREFIX = "module."
# How many batches a normalisation has seen: of use only to training.
_COUNTER = "num_batches_tracked"

Weights = Mapping[str, NDArray[Any]]


def convert(content: bytes, name: str) -> bytes:
    """Return the network of a published `.pth` file as ONNX; `name` is that of the graph.

    Raises:
        ModelPackError: the file holds anything but the weights of this architecture.

    """
    weights = {key.removeprefix(_PREFIX): values for key, values in read_checkpoint(content).items()}
    network = _Network(name, weights)
    network.build()
    unused = {key for key in weights if not key.endswith(_COUNTER)} - network.used
    if unused:
        raise ModelPackError(f"MiniFASNet weights: {min(unused)} has no place in the network")
    return network.graph.to_bytes()


class _Network:
    def __init__(self, name: str, weights: Weights) -> None:
        self.graph = OnnxGraph(name)
        self.used: set[str] = set()
        self._weights = weights
        self._channels = 3

    def build(self) -> None:
        graph = self.graph
        image = graph.input("image", ["N", INPUT_SIZE, INPUT_SIZE, 3])
        value = graph.node("Transpose", image, perm=[0, 3, 1, 2])
        value = self._activated("conv1", value, stride=2)
        value = self._activated("conv2_dw", value, depthwise=True)
        for entrance, stage, blocks in STAGES:
            value = self._block(entrance, value, stride=2)
            for block in range(blocks):
                value = graph.node("Add", value, self._block(f"{stage}.model.{block}", value))
        value = self._activated("conv_6_sep", value)
        value = self._convolved("conv_6_dw", value, depthwise=True, pad=0)
        # After three halvings the side is 5, which the last window covers whole.
        value = graph.node("Flatten", value)
        value = graph.node("MatMul", value, graph.floats(self._matrix()))
        value = graph.node("Add", value, graph.floats(self._shift("bn")))
        value = graph.node("MatMul", value, graph.floats(self._weight("prob.weight", CLASSES, 128).T))
        graph.output(graph.node("Softmax", value, axis=-1), "scores", ["N", CLASSES])

    def _block(self, name: str, value: str, stride: int = 1) -> str:
        """Widen, filter each channel, narrow; perhaps weigh the channels."""
        value = self._activated(f"{name}.conv", value)
        value = self._activated(f"{name}.conv_dw", value, stride=stride, depthwise=True)
        value = self._convolved(f"{name}.project", value)
        if f"{name}.se_module.fc1.weight" in self._weights:
            return self._weighed(f"{name}.se_module", value)
        return value

    def _weighed(self, name: str, value: str) -> str:
        """Multiply every channel with a weight of 0…1 that depends on the means of all."""
        graph, channels = self.graph, self._channels
        weight = graph.node("GlobalAveragePool", value)
        weight = graph.node("Relu", self._convolution(f"{name}.fc1.weight", f"{name}.bn1", weight))
        weight = graph.node("Sigmoid", self._convolution(f"{name}.fc2.weight", f"{name}.bn2", weight))
        if self._channels != channels:
            raise ModelPackError(f"MiniFASNet weights: {name} has not as many outputs as inputs")
        return graph.node("Mul", value, weight)

    def _activated(self, name: str, value: str, *, stride: int = 1, depthwise: bool = False) -> str:
        """Convolve, normalise and apply PReLU, written as max(x, 0) + slope · min(x, 0).

        ONNX Runtime takes twice as long for the whole network with its own PRelu operator.
        """
        graph = self.graph
        value = self._convolved(name, value, stride=stride, depthwise=depthwise)
        slope = self._weight(f"{name}.prelu.weight", self._channels)
        positive = graph.node("Relu", value)
        negative = graph.node("Mul", graph.node("Sub", value, positive), graph.floats(slope[:, None, None]))
        return graph.node("Add", positive, negative)

    def _convolved(
        self, name: str, value: str, *, stride: int = 1, depthwise: bool = False, pad: int | None = None
    ) -> str:
        return self._convolution(f"{name}.conv.weight", f"{name}.bn", value, stride, depthwise, pad)

    def _convolution(
        self,
        filters_name: str,
        normalisation: str,
        value: str,
        stride: int = 1,
        depthwise: bool = False,
        pad: int | None = None,
    ) -> str:
        """Convolve and normalise; the window's size is that of the filters, "same" unless told."""
        filters = self._filters(filters_name, depthwise)
        groups = self._channels if depthwise else 1
        self._channels = filters.shape[0]
        scaled = filters * self._scale(normalisation)[:, None, None, None]
        side = filters.shape[2]
        return self.graph.node(
            "Conv",
            value,
            self.graph.floats(scaled),
            self.graph.floats(self._shift(normalisation)),
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[side // 2 if pad is None else pad] * 4,
            group=groups,
        )

    def _filters(self, name: str, depthwise: bool) -> NDArray[np.float64]:
        shape = self._shape(name)
        inputs = 1 if depthwise else self._channels
        outputs = self._channels if depthwise else shape[0]
        return self._weight(name, outputs, inputs, *(shape[-1],) * 2)

    def _matrix(self) -> NDArray[np.float64]:
        matrix = self._weight("linear.weight", 128, self._channels)
        self._channels = 128
        return (matrix * self._scale("bn")[:, None]).T

    def _scale(self, name: str) -> NDArray[np.float64]:
        variance = self._weight(f"{name}.running_var", self._channels)
        if variance.min() < 0:
            raise ModelPackError(f"MiniFASNet weights: {name} has a variance below 0")
        return self._weight(f"{name}.weight", self._channels) / np.sqrt(variance + EPSILON)

    def _shift(self, name: str) -> NDArray[np.float64]:
        mean = self._weight(f"{name}.running_mean", self._channels)
        return self._weight(f"{name}.bias", self._channels) - mean * self._scale(name)

    def _shape(self, name: str) -> tuple[int, ...]:
        if name not in self._weights:
            raise ModelPackError(f"MiniFASNet weights: {name} is missing")
        return tuple(self._weights[name].shape)

    def _weight(self, name: str, *shape: int) -> NDArray[np.float64]:
        if self._shape(name) != shape:
            raise ModelPackError(f"MiniFASNet weights: {name} is {self._shape(name)}, expected {shape}")
        self.used.add(name)
        # In double precision, so that folding does not depend on the order of rounding.
        return self._weights[name].astype(np.float64)
