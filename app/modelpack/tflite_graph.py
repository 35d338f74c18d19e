"""Editing a TFLite model through the object classes that FlatBuffers generated from its schema."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray

# Operators that can be appended, by the stem of their options class.
_BUILTIN_OF = {"Reshape": "RESHAPE", "Gather": "GATHER", "Reducer": "MEAN", "Concatenation": "CONCATENATION"}


class TfliteGraph:
    """Appends operators and tensors to the one subgraph of a TFLite model."""

    def __init__(self, schema: ModuleType, model: Any) -> None:  # noqa: ANN401 - generated schema class
        self._schema = schema
        self._model = model
        self._subgraph = model.subgraphs[0]
        self._opcodes: dict[str, int] = {}

    def tensor_name(self, tensor: int) -> str:
        """Return the name of the tensor with this index."""
        return str(self._subgraph.tensors[tensor].name.decode())

    def constant(self, name: str, values: Sequence[int] | NDArray[np.int32]) -> int:
        """Append an int32 constant and return its tensor index."""
        array = np.asarray(values, dtype=np.int32)
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(array.tobytes(), dtype=np.uint8)
        self._model.buffers.append(buffer)
        kind = self._schema.TensorType.INT32
        return self._tensor(name, array.shape, kind, len(self._model.buffers) - 1)

    def operator(
        self, kind: str, inputs: Sequence[int], name: str, shape: Sequence[int], **options: object
    ) -> int:
        """Append an operator with one float32 output; return the output's tensor index."""
        output = self._tensor(name, shape, self._schema.TensorType.FLOAT32, buffer=0)
        operator = self._schema.OperatorT()
        operator.opcodeIndex = self._opcode(_BUILTIN_OF[kind])
        operator.inputs = np.array(inputs, dtype=np.int32)
        operator.outputs = np.array([output], dtype=np.int32)
        operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, f"{kind}Options")
        operator.builtinOptions = getattr(self._schema, f"{kind}OptionsT")()
        vars(operator.builtinOptions).update(options)
        self._subgraph.operators.append(operator)
        return output

    def _tensor(self, name: str, shape: Sequence[int], kind: int, buffer: int) -> int:
        tensor = self._schema.TensorT()
        tensor.name, tensor.type, tensor.buffer = name.encode(), kind, buffer
        tensor.shape = np.array(shape, dtype=np.int32)
        self._subgraph.tensors.append(tensor)
        return len(self._subgraph.tensors) - 1

    def _opcode(self, builtin: str) -> int:
        if builtin not in self._opcodes:
            code = self._schema.OperatorCodeT()
            code.builtinCode = getattr(self._schema.BuiltinOperator, builtin)
            code.deprecatedBuiltinCode = code.builtinCode  # readers of old files look here
            code.version = 1
            self._model.operatorCodes.append(code)
            self._opcodes[builtin] = len(self._model.operatorCodes) - 1
        return self._opcodes[builtin]


def serialise(schema: ModuleType, model: Any) -> bytes:  # noqa: ANN401 - generated schema class
    """Return `model` as a TFLite file."""
    _align_buffers(schema)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _align_buffers(schema: ModuleType) -> None:
    """Make the generated packer honour `force_align: 16` of a buffer's data, which it ignores."""

    def pack(self: Any, builder: Any) -> int:  # noqa: ANN401 - generated schema classes
        data = None
        if self.data is not None:
            content = np.asarray(self.data, dtype=np.uint8).tobytes()
            builder.StartVector(1, len(content), 16)
            builder.head -= len(content)
            builder.Bytes[builder.head : builder.head + len(content)] = content
            data = builder.EndVector()
        schema.BufferStart(builder)
        if data is not None:
            schema.BufferAddData(builder, data)
        schema.BufferAddOffset(builder, self.offset)
        schema.BufferAddSize(builder, self.size)
        return int(schema.BufferEnd(builder))

    schema.BufferT.Pack = pack
