"""A small builder of ONNX graphs that serialises the same bytes under every version of onnx."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

# Fixed, because onnx would write its own newest numbers and the file's hash is pinned.
IR_VERSION = 8
OPSET = 17
PRODUCER = "visavis"

_KINDS = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64}


class OnnxGraph:
    """Collects inputs, constants and nodes; values are passed around by name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._nodes: list[onnx.NodeProto] = []

    def input(self, name: str, shape: Sequence[int | str]) -> str:
        """Declare a float32 input; a string in `shape` names a free dimension."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))
        return name

    def output(self, value: str, name: str, shape: Sequence[int | str]) -> None:
        """Publish the float32 `value` as the output called `name`."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=name))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))

    def constant(self, values: NDArray[np.generic]) -> str:
        """Store float32 or int64 `values` in the file."""
        name = f"c{len(self._constants)}"
        # onnx stores little-endian bytes; ascontiguousarray alone would turn a scalar into a row
        stored = np.array(values, order="C")
        if stored.dtype not in _KINDS:
            raise TypeError(f"constants are float32 or int64, not {stored.dtype}")
        self._constants.append(numpy_helper.from_array(stored, name))
        return name

    def floats(self, values: object) -> str:
        """Store `values` as a float32 constant."""
        return self.constant(np.asarray(values, dtype=np.float32))

    def ints(self, values: object) -> str:
        """Store `values` as an int64 constant, the type of every shape and axis."""
        return self.constant(np.asarray(values, dtype=np.int64))

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401
        """Append a node with one output and return the output's name."""
        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def to_bytes(self) -> bytes:
        """Return the checked model, serialised deterministically."""
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, initializer=self._constants
        )
        model = helper.make_model(
            graph,
            producer_name=PRODUCER,
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString(deterministic=True))
