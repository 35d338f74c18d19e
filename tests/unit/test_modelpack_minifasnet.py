"""Reading PyTorch's older files without PyTorch, and the network made of their weights."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from app.commands.models import models_commands
from app.errors import ModelPackError
from app.inference.manifest import PLUS_PACK, Manifest, load_manifest
from app.modelpack.install import install
from app.modelpack.minifasnet import EPSILON, STAGES, convert
from app.modelpack.torch_weights import read_checkpoint
from tests.unit.torch_checkpoint import (
    BEGIN,
    DICTIONARY,
    END,
    Weights,
    checkpoint,
    file_of,
    integer,
    network,
    state,
    storage,
    string,
    tensor,
)

EXCITED = ("conv_3.model.3", "conv_5.model.1")
Array = NDArray[np.float64]


class Reference:
    """The network as its authors wrote it down, in NumPy, with nothing folded."""

    def __init__(self, weights: Weights) -> None:
        self.weights = {
            name.removeprefix("module."): each.astype(np.float64) for name, each in weights.items()
        }

    def scores(self, image: NDArray[np.float32]) -> Array:
        value = image.astype(np.float64).transpose(2, 0, 1)
        value = self.activated("conv1", value, stride=2)
        value = self.activated("conv2_dw", value)
        for entrance, stage, blocks in STAGES:
            value = self.block(entrance, value, stride=2)
            for number in range(blocks):
                value = value + self.block(f"{stage}.model.{number}", value)
        value = self.convolved("conv_6_dw", self.activated("conv_6_sep", value), pad=0)
        features = self.normalised("bn", self.weights["linear.weight"] @ value.reshape(-1))
        logits = self.weights["prob.weight"] @ features
        shares = np.exp(logits - logits.max())
        return np.asarray(shares / shares.sum())

    def block(self, name: str, value: Array, stride: int = 1) -> Array:
        value = self.activated(f"{name}.conv", value)
        value = self.activated(f"{name}.conv_dw", value, stride)
        value = self.convolved(f"{name}.project", value)
        if f"{name}.se_module.fc1.weight" not in self.weights:
            return value
        means = value.mean(axis=(1, 2))
        for layer in ("1", "2"):
            matrix = self.weights[f"{name}.se_module.fc{layer}.weight"][:, :, 0, 0]
            means = self.normalised(f"{name}.se_module.bn{layer}", matrix @ means)
            means = np.maximum(means, 0) if layer == "1" else 1 / (1 + np.exp(-means))
        return value * means[:, None, None]

    def activated(self, name: str, value: Array, stride: int = 1) -> Array:
        value = self.convolved(name, value, stride)
        slope = self.weights[f"{name}.prelu.weight"][:, None, None]
        return np.where(value > 0, value, slope * value)

    def convolved(self, name: str, value: Array, stride: int = 1, pad: int | None = None) -> Array:
        filters = self.weights[f"{name}.conv.weight"]
        side = filters.shape[2]
        pad = side // 2 if pad is None else pad
        padded = np.pad(value, ((0, 0), (pad, pad), (pad, pad)))
        windows = sliding_window_view(padded, (side, side), axis=(1, 2))[:, ::stride, ::stride]
        depthwise = filters.shape[1] == 1
        rule = "chwij,cij->chw" if depthwise else "chwij,ocij->ohw"
        return self.normalised(
            f"{name}.bn", np.einsum(rule, windows, filters[:, 0] if depthwise else filters)
        )

    def normalised(self, name: str, value: Array) -> Array:
        parts = ("running_mean", "running_var", "weight", "bias")
        shape = (-1, *[1] * (value.ndim - 1))
        mean, variance, gamma, beta = (self.weights[f"{name}.{part}"].reshape(shape) for part in parts)
        return np.asarray((value - mean) / np.sqrt(variance + EPSILON) * gamma + beta)


def scores_of(onnx: bytes, images: NDArray[np.float32]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    [scores] = session.run(["scores"], {"image": images})
    return np.asarray(scores)


def images(count: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(7)
    blurred = rng.uniform(0, 255, (count, 8, 8, 3)).repeat(10, axis=1).repeat(10, axis=2)
    return blurred.astype(np.float32)


@pytest.mark.parametrize("excited", [(), EXCITED], ids=["V2", "V1SE"])
def test_the_network_gives_what_its_definition_gives(excited: tuple[str, ...]) -> None:
    weights, pictures = network(excited=excited), images(2)
    measured = scores_of(convert(checkpoint(weights), "small"), pictures)
    assert measured.shape == (2, 3)
    for picture, scores in zip(pictures, measured, strict=True):
        assert scores == pytest.approx(Reference(weights).scores(picture), abs=1e-5)


def test_the_weights_of_the_test_tell_pictures_apart() -> None:
    first, second = scores_of(convert(checkpoint(network()), "small"), images(2))
    assert np.abs(first - second).max() > 1e-3


def test_a_conversion_is_the_same_every_time() -> None:
    content = checkpoint(network(excited=EXCITED))
    assert convert(content, "small") == convert(content, "small")


def without(weights: Weights, name: str) -> Weights:
    return {key: values for key, values in weights.items() if key != f"module.{name}"}


@pytest.mark.parametrize(
    "name", ["conv1.conv.weight", "conv_4.model.5.project.bn.running_var", "bn.bias", "prob.weight"]
)
def test_a_missing_weight_is_named(name: str) -> None:
    with pytest.raises(ModelPackError, match=f"{name} is missing"):
        convert(checkpoint(without(network(), name)), "small")


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("conv1.conv.weight", (6, 4, 3, 3)),
        ("conv_3.model.0.conv_dw.conv.weight", (9, 1, 3, 3)),
        ("conv_23.conv.prelu.weight", (3,)),
        ("linear.weight", (128, 11)),
        ("prob.weight", (2, 128)),
    ],
)
def test_a_weight_of_another_shape_is_refused(name: str, shape: tuple[int, ...]) -> None:
    weights = network() | {f"module.{name}": np.ones(shape, np.float32)}
    with pytest.raises(ModelPackError, match=r"expected \("):
        convert(checkpoint(weights), "small")


def test_a_weight_without_a_place_is_refused() -> None:
    weights = network() | {"module.conv_9.weight": np.ones(3, np.float32)}
    with pytest.raises(ModelPackError, match=r"conv_9\.weight has no place"):
        convert(checkpoint(weights), "small")


def test_a_variance_below_zero_is_refused() -> None:
    weights = network() | {"module.bn.running_var": -np.ones(128, np.float32)}
    with pytest.raises(ModelPackError, match="variance below 0"):
        convert(checkpoint(weights), "small")


# The reader -------------------------------------------------------------------------------------------------

VALUES = np.arange(12, dtype=np.float32)


def one_tensor(pickled: bytes, values: NDArray[np.float32] = VALUES) -> bytes:
    return file_of(pickled, {"0": values})


def test_tensors_are_read_with_name_shape_and_values() -> None:
    read = read_checkpoint(checkpoint({"a": VALUES.reshape(3, 4), "b": VALUES[:2]}))
    assert list(read) == ["a", "b"]
    assert np.array_equal(read["a"], VALUES.reshape(3, 4))
    assert np.array_equal(read["b"], VALUES[:2])


def test_two_tensors_may_share_a_storage() -> None:
    read = read_checkpoint(
        one_tensor(state({"a": tensor("0", VALUES, (3,)), "b": tensor("0", VALUES, (2, 2), offset=4)}))
    )
    assert np.array_equal(read["b"], [[4, 5], [6, 7]])


def calling(function: str, *arguments: str) -> bytes:
    """Return a pickle that a real unpickler would follow by calling `function`."""
    module, name = function.rsplit(".", 1)
    taken = b"(" + b"".join(string(text) for text in arguments) + b"tR"
    return BEGIN + f"c{module}\n{name}\n".encode() + taken + END


@pytest.mark.parametrize(
    "function", ["os.system", "builtins.eval", "builtins.exec", "subprocess.Popen", "torch.load"]
)
def test_a_call_of_anything_else_is_refused_and_not_made(function: str, tmp_path: Path) -> None:
    proof = tmp_path / "executed"
    with pytest.raises(ModelPackError, match=f"calls {function.replace('.', ' ')}"):
        read_checkpoint(one_tensor(calling(function, f"touch {proof}")))
    assert not proof.exists()


def test_a_call_hidden_in_the_first_pickle_is_refused_too() -> None:
    content = checkpoint({"a": VALUES})
    with pytest.raises(ModelPackError, match="calls os system"):
        read_checkpoint(calling("os.system", "true") + content[content.index(END) + 1 :])


@pytest.mark.parametrize(
    ("instructions", "named"),
    [
        (b"(ios\nsystem\n", "INST"),
        (b"(cos\nsystem\no", "OBJ"),
        (b"cos\nsystem\n)\x81", "NEWOBJ"),
        (b"\x82\x01", "EXT1"),
        (b"Pkey\n", "PERSID"),
    ],
)
def test_an_instruction_that_tensors_do_not_need_is_refused(instructions: bytes, named: str) -> None:
    with pytest.raises(ModelPackError, match=f"the instruction {named} has no place"):
        read_checkpoint(one_tensor(BEGIN + instructions + END))


def test_attributes_are_not_hung_onto_anything_but_the_dictionary() -> None:
    with pytest.raises(ModelPackError, match="_Name in the place of dict"):
        read_checkpoint(one_tensor(BEGIN + b"cos\nsystem\n" + b"}b" + END))


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ({"a": tensor("0", VALUES, (13,))}, "reaches beyond its storage"),
        ({"a": tensor("0", VALUES, (4,), offset=9)}, "reaches beyond its storage"),
        ({"a": tensor("0", VALUES, (4,), offset=-4)}, "a size below 0"),
        ({"a": tensor("0", VALUES, (1, 1, 1, 1, 12))}, "5 dimensions"),
        ({"a": integer(1)}, "something else than tensors"),
        ({"a": storage("0", 12, "torch\nHalfStorage")}, "unknown kind"),
        ({"a": tensor("1", VALUES)}, "not those of its tensors"),
        ({"a": tensor("0", VALUES[:11])}, "not of the length"),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused(entries: dict[str, bytes], problem: str) -> None:
    with pytest.raises(ModelPackError, match=problem):
        read_checkpoint(one_tensor(state(entries)))


def test_values_out_of_order_are_refused() -> None:
    straight = tensor("0", VALUES, (3, 4))
    turned = straight.replace(integer(4) + integer(1) + b"t", integer(1) + integer(3) + b"t")
    with pytest.raises(ModelPackError, match="do not lie in order"):
        read_checkpoint(one_tensor(state({"a": turned})))


@pytest.mark.parametrize("cut", [0, 1, 20, 60, -1, -30])
def test_a_file_that_ends_early_is_refused(cut: int) -> None:
    with pytest.raises(ModelPackError, match="checkpoint"):
        read_checkpoint(checkpoint({"a": VALUES})[:cut])


def test_bytes_behind_the_last_storage_are_refused() -> None:
    with pytest.raises(ModelPackError, match="more bytes follow"):
        read_checkpoint(checkpoint({"a": VALUES}) + b"\0")


@pytest.mark.parametrize("content", [b"PK\x03\x04 a zip", b"not a pickle", BEGIN + DICTIONARY + END])
def test_another_kind_of_file_is_refused(content: bytes) -> None:
    with pytest.raises(ModelPackError, match="checkpoint"):
        read_checkpoint(content)


# The pack ---------------------------------------------------------------------------------------------------


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def supplied(tmp_path: Path) -> Path:
    """A folder with made-up files under the published names."""
    folder = tmp_path / "supplied"
    folder.mkdir()
    for key in ("minifasnet_v2", "minifasnet_v1se"):
        content = checkpoint(network(len(key), excited=EXCITED if key.endswith("se") else ()))
        (folder / load_manifest().archives[key].file).write_bytes(content)
    return folder


@pytest.fixture
def manifest(supplied: Path) -> Manifest:
    """The manifest as if the made-up files were the published ones."""
    pinned = load_manifest()
    archives, models = dict(pinned.archives), dict(pinned.models)
    for key in pinned.keys_of(PLUS_PACK):
        content = (supplied / pinned.archives[key].file).read_bytes()
        archives[key] = replace(archives[key], sha256=sha256(content), size=len(content))
        models[key] = replace(models[key], sha256=sha256(convert(content, key)))
    return Manifest(archives, models)


def install_plus(models_dir: Path, manifest: Manifest, supplied: Path | None) -> list[str]:
    return install(models_dir, manifest, pack=PLUS_PACK, supplied=supplied, show_progress=False)


def test_the_plus_pack_is_built_from_supplied_files(
    tmp_path: Path, manifest: Manifest, supplied: Path
) -> None:
    models_dir = tmp_path / "models"
    assert install_plus(models_dir, manifest, supplied) == ["minifasnet_v2", "minifasnet_v1se"]
    assert {path.name for path in models_dir.glob("*.onnx")} == {"minifasnet_v2.onnx", "minifasnet_v1se.onnx"}
    assert install_plus(models_dir, manifest, None) == []
    assert len(list(supplied.iterdir())) == 2


def test_without_the_files_it_is_said_which_are_needed(tmp_path: Path, manifest: Manifest) -> None:
    with pytest.raises(ModelPackError, match=r"2\.7_80x80_MiniFASNetV2\.pth .* Silent-Face.* --from"):
        install_plus(tmp_path / "models", manifest, None)
    with pytest.raises(ModelPackError, match=r"MiniFASNetV2\.pth is missing; .* is needed"):
        install_plus(tmp_path / "models", manifest, tmp_path)
    assert not list((tmp_path / "models").glob("*.onnx"))


def test_another_file_under_the_name_is_refused_unread(tmp_path: Path, supplied: Path) -> None:
    with pytest.raises(ModelPackError, match="SHA-256 differs"):
        install_plus(tmp_path / "models", load_manifest(), supplied)


def test_the_command_takes_pack_and_folder(tmp_path: Path, supplied: Path) -> None:
    arguments = ["install", "--models-dir", str(tmp_path / "models"), "--quiet", "--pack", "plus"]
    result = CliRunner().invoke(models_commands, [*arguments, "--from", str(supplied)])
    assert result.exit_code == 1
    assert "SHA-256 differs" in result.output


def test_half_of_a_pack_is_not_taken_for_none(tmp_path: Path, manifest: Manifest, supplied: Path) -> None:
    assert not set(manifest.keys_of(PLUS_PACK)) & set(manifest.expected(tmp_path))
    install_plus(tmp_path, manifest, supplied)
    (tmp_path / "minifasnet_v1se.onnx").unlink()
    assert set(manifest.keys_of(PLUS_PACK)) < set(manifest.expected(tmp_path))
    with pytest.raises(ModelPackError, match=r"v1se\.onnx is missing .*--pack plus --from"):
        manifest.verify(tmp_path, manifest.keys_of(PLUS_PACK))


def test_an_unknown_pack_is_refused(tmp_path: Path) -> None:
    text = (Path("config") / "models.toml").read_text(encoding="utf-8")
    path = tmp_path / "models.toml"
    path.write_text(text.replace('pack = "plus"', 'pack = "extra"'), encoding="utf-8")
    with pytest.raises(ModelPackError, match=r"models\.minifasnet_v2\.pack: must be one of open, plus"):
        load_manifest(path)
