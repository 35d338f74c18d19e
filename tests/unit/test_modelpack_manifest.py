"""A model without a hash or without a licence cannot be listed."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.commands.models import models_commands
from app.errors import ModelPackError
from app.factory import ROOT
from app.inference.manifest import DEFAULT_MANIFEST, load_manifest

TEXT = DEFAULT_MANIFEST.read_text(encoding="utf-8")
LIVENESS = TEXT[TEXT.index("[models.liveness]") :]
ARCHIVES = TEXT[: TEXT.index("[models.face_landmarker]")]


def written(folder: Path, text: str) -> Path:
    path = folder / "models.toml"
    path.write_text(text, encoding="utf-8")
    return path


def without(field: str) -> str:
    return ARCHIVES + re.sub(rf"^{field} = .*$", "", LIVENESS, flags=re.MULTILINE)


def test_the_manifest_of_this_repository_lists_the_open_pack() -> None:
    manifest = load_manifest()
    assert set(manifest.models) >= {"face_landmarker", "dlib_resnet", "faceres", "liveness"}
    assert {model.licence for model in manifest.models.values()} <= {"Apache-2.0", "MIT", "CC0-1.0"}


FIELDS = (
    "name role file archive sha256 licence licence_note input_size colour_order mean divisor outputs measured"
)


@pytest.mark.parametrize("field", FIELDS.split())
def test_a_model_that_lacks_a_field_is_refused(tmp_path: Path, field: str) -> None:
    with pytest.raises(ModelPackError, match=rf"models\.liveness\.{field}"):
        load_manifest(written(tmp_path, without(field)))


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ('sha256 = "25916F"', "sha256"),
        ('licence = " "', "licence"),
        ('file = "../liveness.onnx"', "file"),
        ('archive = "elsewhere"', "archive"),
        ('colour_order = "GRB"', "colour_order"),
        ("mean = [0.0, 0.0]", "mean"),
        ("divisor = 0", "divisor"),
        ("input_size = true", "input_size"),
    ],
)
def test_nonsense_is_refused(tmp_path: Path, line: str, field: str) -> None:
    text = ARCHIVES + re.sub(rf"^{field} = .*$", line, LIVENESS, flags=re.MULTILINE)
    with pytest.raises(ModelPackError, match=rf"models\.liveness\.{field}"):
        load_manifest(written(tmp_path, text))


@pytest.mark.parametrize("text", ["", "not toml", '[archives.x]\nregistry = "ftp"'])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ModelPackError):
        load_manifest(written(tmp_path, text))


def test_every_problem_is_named(tmp_path: Path) -> None:
    (tmp_path / "liveness.onnx").write_bytes(b"something else")
    with pytest.raises(ModelPackError) as refusal:
        load_manifest().verify(tmp_path, ["liveness", "faceres"])
    assert "liveness.onnx is not the pinned file" in str(refusal.value)
    assert "faceres.onnx is missing" in str(refusal.value)


def test_the_installed_pack_verifies() -> None:
    result = CliRunner().invoke(models_commands, ["verify", "--models-dir", str(ROOT / "models")])
    assert (result.exit_code, result.output[:22]) == (0, "7 model files verified")


def test_verify_fails_when_a_file_is_missing(tmp_path: Path) -> None:
    result = CliRunner().invoke(models_commands, ["verify", "--models-dir", str(tmp_path)])
    assert result.exit_code == 1
    assert "dlib_resnet.onnx is missing" in result.output


def test_the_list_is_a_table_or_json(tmp_path: Path) -> None:
    table = CliRunner().invoke(models_commands, ["list", "--models-dir", str(tmp_path)])
    as_json = CliRunner().invoke(models_commands, ["list", "--models-dir", str(ROOT / "models"), "--json"])
    assert "is missing" in table.output
    rows = json.loads(as_json.output)
    assert {row["state"] for row in rows if row["pack"] == "open"} == {"verified"}
    assert [row["licence"] for row in rows if row["model"] == "dlib_resnet"] == ["CC0-1.0"]
