"""face-api's age and gender network, a "tiny Xception", as ONNX.

The package ships weights without a graph; the architecture is the one of its
`TinyXception` and `AgeGenderNet` classes. Input: (N, 112, 112, 3) float32, already normalised.
Outputs: `age` (N, 1) in years, `gender` (N, 2) probabilities (male, female).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import ModelPackError
from app.modelpack.onnx_graph import OnnxGraph
from app.modelpack.tfjs_weights import Array, read_weights

INPUT_SIZE = 112
MAIN_BLOCKS = 2


def convert(manifest: Sequence[Mapping[str, Any]], weights: bytes) -> bytes:
    """Return the network whose weights `manifest` (parsed JSON) describes as ONNX."""
    network = _Network(read_weights(manifest, weights))
    network.build()
    return network.graph.to_bytes()


class _Network:
    def __init__(self, weights: Mapping[str, Array]) -> None:
        self.graph = OnnxGraph("face_api_age_gender")
        self._weights = weights

    def build(self) -> None:
        graph = self.graph
        image = graph.input("image", ["N", INPUT_SIZE, INPUT_SIZE, 3])
        value = graph.node("Transpose", image, perm=[0, 3, 1, 2])
        value = graph.node("Relu", self._convolution("entry_flow/conv_in", value, stride=2))
        value = self._reduction("entry_flow/reduction_block_0", value, activate_input=False)
        value = self._reduction("entry_flow/reduction_block_1", value)
        for block in range(MAIN_BLOCKS):
            value = self._main(f"middle_flow/main_block_{block}", value)
        value = self._reduction("exit_flow/reduction_block", value)
        value = graph.node("Relu", self._separable("exit_flow/separable_conv", value))
        features = graph.node("Flatten", graph.node("GlobalAveragePool", value))
        graph.output(self._dense("fc/age", features), "age", ["N", 1])
        gender = graph.node("Softmax", self._dense("fc/gender", features), axis=-1)
        graph.output(gender, "gender", ["N", 2])

    def _reduction(self, name: str, value: str, activate_input: bool = True) -> str:
        graph = self.graph
        branch = graph.node("Relu", value) if activate_input else value
        branch = self._separable(f"{name}/separable_conv0", branch)
        branch = self._separable(f"{name}/separable_conv1", graph.node("Relu", branch))
        branch = graph.node("MaxPool", branch, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
        return graph.node("Add", branch, self._convolution(f"{name}/expansion_conv", value, stride=2))

    def _main(self, name: str, value: str) -> str:
        branch = value
        for index in range(3):
            branch = self._separable(f"{name}/separable_conv{index}", self.graph.node("Relu", branch))
        return self.graph.node("Add", branch, value)

    def _separable(self, name: str, value: str) -> str:
        depthwise = self._weight(f"{name}/depthwise_filter").transpose(2, 3, 0, 1)
        value = self._conv(value, depthwise, None, groups=depthwise.shape[0])
        pointwise = self._weight(f"{name}/pointwise_filter").transpose(3, 2, 0, 1)
        return self._conv(value, pointwise, self._weight(f"{name}/bias"))

    def _convolution(self, name: str, value: str, stride: int) -> str:
        filters = self._weight(f"{name}/filters").transpose(3, 2, 0, 1)
        return self._conv(value, filters, self._weight(f"{name}/bias"), stride=stride)

    def _conv(self, value: str, filters: Array, bias: Array | None, stride: int = 1, groups: int = 1) -> str:
        parameters = [self.graph.floats(array) for array in (filters, bias) if array is not None]
        return self.graph.node(
            "Conv",
            value,
            *parameters,
            kernel_shape=filters.shape[2:],
            strides=[stride, stride],
            auto_pad="SAME_UPPER",
            group=groups,
        )

    def _dense(self, name: str, value: str) -> str:
        product = self.graph.node("MatMul", value, self.graph.floats(self._weight(f"{name}/weights")))
        return self.graph.node("Add", product, self.graph.floats(self._weight(f"{name}/bias")))

    def _weight(self, name: str) -> Array:
        if name not in self._weights:
            raise ModelPackError(f"the age and gender weights lack {name!r}")
        return self._weights[name]
