"""Writes checkpoints of PyTorch's older format, and a MiniFASNet of made-up weights to put into one."""

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from app.modelpack.minifasnet import CLASSES, STAGES
from app.modelpack.torch_weights import MAGIC, PROTOCOL

Weights = dict[str, NDArray[np.float32]]
BEGIN, END = b"\x80\x02", b"."
DICTIONARY = b"ccollections\nOrderedDict\n)R"
SMALL, LAST = 6, 10
# Pictures come as 0…255: the first filters bring that to about 1.
BRIGHTEST = np.float32(255)


def string(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text.encode())) + text.encode()


def integer(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def sizes(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(integer(value) for value in values) + b"t"


def storage(key: str, count: int, kind: str = "torch\nFloatStorage") -> bytes:
    parts = (string("storage"), b"c" + kind.encode() + b"\n", string(key), string("cpu"), integer(count))
    return b"(" + b"".join(parts) + b"NtQ"


def tensor(
    key: str, values: NDArray[np.float32], shape: tuple[int, ...] | None = None, offset: int = 0
) -> bytes:
    """Return the call that makes a tensor of its storage; `shape` is that of the values unless told."""
    shape = values.shape if shape is None else shape
    strides = tuple(int(np.prod(shape[axis + 1 :], dtype=int)) for axis in range(len(shape)))
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage(key, values.size)
        + integer(offset)
        + sizes(shape)
        + sizes(strides)
        + b"\x89"
        + DICTIONARY
        + b"tR"
    )


def state(entries: Mapping[str, bytes]) -> bytes:
    """Return the pickle of a state dictionary with its module versions, as PyTorch hangs them on."""
    items = b"".join(string(name) + value for name, value in entries.items())
    return BEGIN + DICTIONARY + b"(" + items + b"u" + b"}" + string("_metadata") + DICTIONARY + b"sb" + END


def file_of(pickled: bytes, storages: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Return the file around the pickle of a state dictionary."""
    magic = BEGIN + b"\x8a\x0a" + MAGIC.to_bytes(10, "little") + END
    protocol = BEGIN + b"M" + struct.pack("<H", PROTOCOL) + END
    c_types = BEGIN + b"}" + END
    keys = BEGIN + b"](" + b"".join(string(key) for key in storages) + b"e" + END
    contents = b"".join(
        struct.pack("<q", each.size) + each.astype("<f4").tobytes() for each in storages.values()
    )
    return magic + protocol + c_types + pickled + keys + contents


def checkpoint(weights: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Return a whole file; every tensor has a storage of its own."""
    storages = {str(number): values for number, values in enumerate(weights.values())}
    entries = {
        name: tensor(str(number), values)
        for number, (name, values) in enumerate(weights.items())
    }  # fmt: skip
    return file_of(state(entries), storages)


def network(seed: int = 1, *, excited: tuple[str, ...] = ()) -> Weights:
    """Return random weights of a narrow MiniFASNet; blocks named in `excited` weigh their channels."""
    rng = np.random.default_rng(seed)
    weights: Weights = {}

    def normalisation(name: str, channels: int) -> None:
        weights[f"{name}.weight"] = rng.uniform(0.5, 1.5, channels).astype(np.float32)
        weights[f"{name}.bias"] = rng.normal(0, 0.2, channels).astype(np.float32)
        weights[f"{name}.running_mean"] = rng.normal(0, 0.2, channels).astype(np.float32)
        weights[f"{name}.running_var"] = rng.uniform(0.5, 2, channels).astype(np.float32)

    def filters(name: str, *shape: int) -> None:
        scale = 1 / np.sqrt(np.prod(shape[1:]))
        weights[name] = rng.normal(0, scale, shape).astype(np.float32)

    def convolution(name: str, outputs: int, inputs: int, side: int, *, activated: bool = True) -> None:
        filters(f"{name}.conv.weight", outputs, inputs, side, side)
        normalisation(f"{name}.bn", outputs)
        if activated:
            weights[f"{name}.prelu.weight"] = rng.uniform(-0.3, 0.6, outputs).astype(np.float32)

    def block(name: str, inputs: int, outputs: int) -> None:
        convolution(f"{name}.conv", inputs + 3, inputs, 1)
        convolution(f"{name}.conv_dw", inputs + 3, 1, 3)
        convolution(f"{name}.project", outputs, inputs + 3, 1, activated=False)
        if name in excited:
            for layer, (wide, narrow) in {"1": (2, outputs), "2": (outputs, 2)}.items():
                filters(f"{name}.se_module.fc{layer}.weight", wide, narrow, 1, 1)
                normalisation(f"{name}.se_module.bn{layer}", wide)

    convolution("conv1", SMALL, 3, 3)
    weights["conv1.conv.weight"] /= BRIGHTEST
    convolution("conv2_dw", SMALL, 1, 3)
    for number, (entrance, stage, blocks) in enumerate(STAGES):
        block(entrance, SMALL + number, SMALL + number + 1)
        for each in range(blocks):
            block(f"{stage}.model.{each}", SMALL + number + 1, SMALL + number + 1)
    convolution("conv_6_sep", LAST, SMALL + len(STAGES), 1)
    convolution("conv_6_dw", LAST, 1, 5, activated=False)
    filters("linear.weight", 128, LAST)
    normalisation("bn", 128)
    filters("prob.weight", CLASSES, 128)
    return {f"module.{name}": values for name, values in weights.items()}
