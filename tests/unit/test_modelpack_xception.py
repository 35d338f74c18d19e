"""The age and gender network is put together from exactly the weights that it needs."""

from typing import Any

import numpy as np
import onnxruntime
import pytest

from app.errors import ModelPackError
from app.modelpack.xception import convert


def shapes() -> dict[str, tuple[int, ...]]:
    """Return name → shape of every weight of the package's file."""
    found: dict[str, tuple[int, ...]] = {}

    def convolution(name: str, side: int, inputs: int, outputs: int) -> None:
        found.update({f"{name}/filters": (side, side, inputs, outputs), f"{name}/bias": (outputs,)})

    def separable(name: str, inputs: int, outputs: int) -> None:
        found[f"{name}/depthwise_filter"] = (3, 3, inputs, 1)
        found.update({f"{name}/pointwise_filter": (1, 1, inputs, outputs), f"{name}/bias": (outputs,)})

    convolution("entry_flow/conv_in", 3, 3, 32)
    blocks = (("entry_flow/reduction_block_0", 32, 64), ("entry_flow/reduction_block_1", 64, 128))
    for name, inputs, outputs in (*blocks, ("exit_flow/reduction_block", 128, 256)):
        separable(f"{name}/separable_conv0", inputs, outputs)
        separable(f"{name}/separable_conv1", outputs, outputs)
        convolution(f"{name}/expansion_conv", 1, inputs, outputs)
    for block in range(2):
        for index in range(3):
            separable(f"middle_flow/main_block_{block}/separable_conv{index}", 128, 128)
    separable("exit_flow/separable_conv", 256, 512)
    heads = {
        "fc/age/weights": (512, 1),
        "fc/age/bias": (1,),
        "fc/gender/weights": (512, 2),
        "fc/gender/bias": (2,),
    }
    return found | heads


def build(arrays: dict[str, np.ndarray[Any, Any]]) -> bytes:
    entries = [
        {"name": name, "shape": list(array.shape), "dtype": "float32"} for name, array in arrays.items()
    ]
    return convert([{"weights": entries}], b"".join(array.tobytes() for array in arrays.values()))


def zeros() -> dict[str, np.ndarray[Any, Any]]:
    return {name: np.zeros(shape, np.float32) for name, shape in shapes().items()}


def test_with_nothing_but_head_biases_the_answer_is_the_biases() -> None:
    arrays = zeros() | {"fc/age/bias": np.array([31.5], np.float32)}
    arrays["fc/gender/bias"] = np.array([0, np.log(3)], np.float32)
    session = onnxruntime.InferenceSession(build(arrays), providers=["CPUExecutionProvider"])
    age, gender = session.run(["age", "gender"], {"image": np.ones((2, 112, 112, 3), np.float32)})
    assert age == pytest.approx(np.full((2, 1), 31.5))
    assert gender == pytest.approx(np.array([[0.25, 0.75]] * 2))


def test_a_missing_weight_is_named() -> None:
    arrays = zeros()
    del arrays["exit_flow/separable_conv/bias"]
    with pytest.raises(ModelPackError, match="lack 'exit_flow/separable_conv/bias'"):
        build(arrays)
