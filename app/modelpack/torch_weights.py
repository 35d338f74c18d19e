"""Tensors out of a PyTorch checkpoint of the older format (before 1.6), without PyTorch.

The file is five pickles and then raw bytes: magic number, protocol, sizes of C types, the state
dictionary, and the keys of the storages, whose content follows in that order, each after its length.
A pickle is a program, so none is run: `_Reader` follows the few instructions that such a file needs,
as data, and refuses every other one. A call, in particular, is only ever one of two that are known.
"""

import io
import math
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.errors import ModelPackError

Array: TypeAlias = NDArray[Any]

# torch/serialization.py: MAGIC_NUMBER and PROTOCOL_VERSION.
MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
STORAGES: Mapping[str, np.dtype[Any]] = {
    "torch FloatStorage": np.dtype("<f4"),
    "torch LongStorage": np.dtype("<i8"),
}
_REBUILD, _DICTIONARY = "torch._utils _rebuild_tensor_v2", "collections OrderedDict"
_MOST_DIMENSIONS = 4
_MARK = object()


@dataclass(frozen=True, slots=True)
class _Name:
    """A global that the file names; never looked up."""

    name: str


@dataclass(frozen=True, slots=True)
class _Storage:
    """A run of values that follows the pickles."""

    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True, slots=True)
class _View:
    """Where in its storage a tensor lies."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]


def read_checkpoint(content: bytes) -> dict[str, Array]:
    """Return name → tensor (float32 or int64) of a state dictionary.

    Raises:
        ModelPackError: anything in the file is not what a dictionary of tensors needs, or a tensor
            does not lie whole, and in order, in its storage.

    """
    stream = io.BytesIO(content)
    magic, protocol, _sizes, state, keys = (_read_pickle(stream) for _ in range(5))
    if (magic, protocol) != (MAGIC, PROTOCOL):
        raise ModelPackError("checkpoint: not a PyTorch file of the older format")
    if not isinstance(state, dict) or not all(isinstance(view, _View) for view in state.values()):
        raise ModelPackError("checkpoint: something else than tensors is in it")
    storages = _read_storages(stream, keys, {view.storage.key: view.storage for view in state.values()})
    return {str(name): _tensor(str(name), view, storages) for name, view in state.items()}


def _read_pickle(stream: io.BytesIO) -> object:
    try:
        return _Reader().read(stream)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise ModelPackError(f"checkpoint: cannot be read ({type(error).__name__}: {error})") from None


def _read_storages(stream: io.BytesIO, keys: object, expected: Mapping[str, _Storage]) -> dict[str, Array]:
    if not isinstance(keys, list) or sorted(map(str, keys)) != sorted(expected):
        raise ModelPackError("checkpoint: its storages are not those of its tensors")
    contents = {}
    for key in keys:
        storage = expected[key]
        length = int.from_bytes(stream.read(8), "little")
        values = stream.read(storage.count * storage.dtype.itemsize) if length == storage.count else b""
        if length != storage.count or len(values) != length * storage.dtype.itemsize:
            raise ModelPackError(f"checkpoint: storage {key} is not of the length that it is said to have")
        contents[key] = np.frombuffer(values, storage.dtype)
    if stream.read(1):
        raise ModelPackError("checkpoint: more bytes follow than belong to it")
    return contents


def _tensor(name: str, view: _View, storages: Mapping[str, Array]) -> Array:
    values = storages[view.storage.key]
    end = view.offset + math.prod(view.shape)
    if end > len(values):
        raise ModelPackError(f"checkpoint: {name} reaches beyond its storage")
    return values[view.offset : end].reshape(view.shape)


class _Reader:
    """Follows one pickle as data: a stack of plain values, and a memory of some of them."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memory: dict[int, object] = {}

    def read(self, stream: io.BytesIO) -> object:
        """Return the value of the pickle that begins here; leave the stream behind it."""
        for opcode, argument, _position in pickletools.genops(stream):
            self._follow(opcode.name, argument)
        [value] = self._stack
        return value

    def _follow(self, name: str, argument: Any) -> None:  # noqa: ANN401
        if name in _PLAIN:
            self._stack.append(argument)
        elif name in _FIXED:
            self._stack.append(_FIXED[name]())
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memory[argument] = self._stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            self._stack.append(self._memory[argument])
        elif name == "GLOBAL":
            self._stack.append(_Name(argument))
        elif name in _STEPS:
            _STEPS[name](self)
        elif name not in ("PROTO", "STOP"):
            raise ModelPackError(f"checkpoint: the instruction {name} has no place in it")

    def _since_mark(self) -> list[Any]:
        last = max(index for index, value in enumerate(self._stack) if value is _MARK)
        values = self._stack[last + 1 :]
        del self._stack[last:]
        return values

    def _tuple(self, count: int | None = None) -> None:
        if count is None:
            values = self._since_mark()
        else:
            values = self._stack[-count:]
            del self._stack[-count:]
        self._stack.append(tuple(values))

    def _append(self) -> None:
        values = self._since_mark()
        _expect(self._stack[-1], list).extend(values)

    def _set(self, pairs: list[Any]) -> None:
        target = _expect(self._stack[-1], dict)
        for name, value in zip(pairs[::2], pairs[1::2], strict=True):
            target[_expect(name, str)] = value

    def _set_one(self) -> None:
        value, name = self._stack.pop(), self._stack.pop()
        self._set([name, value])

    def _storage(self) -> None:
        kind, named, key, _device, count, view = _expect(self._stack.pop(), tuple)
        dtype = STORAGES.get(_expect(named, _Name).name)
        if kind != "storage" or dtype is None or view is not None:
            raise ModelPackError("checkpoint: a storage of an unknown kind")
        self._stack.append(_Storage(_expect(key, str), dtype, _size(count)))

    def _call(self) -> None:
        arguments, function = _expect(self._stack.pop(), tuple), _expect(self._stack.pop(), _Name)
        if function.name == _DICTIONARY and not arguments:
            self._stack.append({})
        elif function.name == _REBUILD:
            self._stack.append(_view(*arguments))
        else:
            raise ModelPackError(f"checkpoint: calls {function.name}, which is not how tensors are stored")

    def _discard_attributes(self) -> None:
        # PyTorch hangs version numbers of its modules onto the dictionary; nothing here needs them.
        _expect(self._stack.pop(), dict)
        _expect(self._stack[-1], dict)


def _view(storage: object, offset: object, shape: object, strides: object, *_rest: object) -> _View:
    sizes = tuple(_size(each) for each in _expect(shape, tuple))
    if len(sizes) > _MOST_DIMENSIONS:
        raise ModelPackError(f"checkpoint: a tensor of {len(sizes)} dimensions")
    in_order = tuple(math.prod(sizes[axis + 1 :]) for axis in range(len(sizes)))
    if strides != in_order:
        raise ModelPackError("checkpoint: a tensor whose values do not lie in order")
    return _View(_expect(storage, _Storage), _size(offset), sizes)


def _size(value: object) -> int:
    size: int = _expect(value, int)
    if size < 0:
        raise ModelPackError("checkpoint: a size below 0")
    return size


def _expect(value: Any, kind: type) -> Any:  # noqa: ANN401
    if not isinstance(value, kind):
        raise ModelPackError(f"checkpoint: {type(value).__name__} in the place of {kind.__name__}")
    return value


_PLAIN = frozenset({"BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1"})
_FIXED: Mapping[str, Callable[[], object]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "MARK": lambda: _MARK,
}
_STEPS: Mapping[str, Callable[[_Reader], None]] = {
    "TUPLE": _Reader._tuple,
    "TUPLE1": lambda reader: reader._tuple(1),
    "TUPLE2": lambda reader: reader._tuple(2),
    "TUPLE3": lambda reader: reader._tuple(3),
    "APPENDS": _Reader._append,
    "SETITEM": _Reader._set_one,
    "SETITEMS": lambda reader: reader._set(reader._since_mark()),
    "BINPERSID": _Reader._storage,
    "REDUCE": _Reader._call,
    "BUILD": _Reader._discard_attributes,
}
