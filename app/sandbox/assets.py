"""A head on disk or on its way to a browser: JSON for the solid, JPEG for the photo."""

import base64
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from app.errors import InputError
from app.inference.types import RgbImage
from app.sandbox.head import Head
from app.sandbox.mesh import HeadMesh
from app.sandbox.outline import Floats
from app.sandbox.pose import POSE_OF_GUIDANCE

FORMAT = "visavis-head-1"
JPEG_QUALITY = 92
# Decimals of lengths in pixels and of everything else: far below what a picture shows.
PIXEL_DECIMALS, SHARE_DECIMALS = 2, 4
# Arrays of the mesh as they are called in the document: number of columns, decimals.
ARRAYS = {
    "vertices": (3, PIXEL_DECIMALS),
    "uv": (2, PIXEL_DECIMALS),
    "turn": (0, SHARE_DECIMALS),
    "travel": (0, SHARE_DECIMALS),
    "triangles": (3, 0),
    "pivot": (0, PIXEL_DECIMALS),
    "upright": (3, 8),
}


def write_asset(head: Head, directory: Path, name: str) -> Path:
    """Write `name`.jpg and `name`.json and return the path of the JSON, which refers to the JPEG."""
    directory.mkdir(parents=True, exist_ok=True)
    picture, document = directory / f"{name}.jpg", directory / f"{name}.json"
    _replace(picture, encode_jpeg(head.texture))
    _replace(document, json.dumps(describe(head, picture.name), separators=(",", ":")).encode())
    return document


def load_asset(path: Path) -> Head:
    """Read what `write_asset` wrote; raises `InputError` when it is something else."""
    try:
        document = json.loads(path.read_bytes())
    except ValueError as error:
        raise InputError("asset", f"{path.name} is no JSON") from error
    return _head(document, lambda url: (path.parent / Path(url).name).read_bytes())


def inline_asset(head: Head) -> dict[str, Any]:
    """Return the whole head as one JSON-able document, the texture as a data URL."""
    encoded = base64.b64encode(encode_jpeg(head.texture)).decode()
    return describe(head, f"data:image/jpeg;base64,{encoded}")


def describe(head: Head, texture_url: str) -> dict[str, Any]:
    """Return the document that `static/sandbox/head-camera.js` reads; lengths in frame pixels."""
    arrays = {
        name: np.round(getattr(head.mesh, name), decimals).ravel().tolist()
        for name, (_, decimals) in ARRAYS.items()
    }
    return {
        "format": FORMAT,
        "frame": list(head.frame),
        "texture": {"url": texture_url, "scale": head.texture_scale, "top": head.texture_top},
        "cameraDistance": head.mesh.camera_distance,
        **arrays,
        "poses": {guidance.value: asdict(pose) for guidance, pose in POSE_OF_GUIDANCE.items()},
    }


def encode_jpeg(picture: RgbImage, quality: int = JPEG_QUALITY) -> bytes:
    """Compress a picture."""
    done, encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not done:
        raise InputError("picture", "cannot be compressed")
    return bytes(encoded)


def decode_picture(data: bytes) -> RgbImage:
    """Read a JPEG or PNG; raises `InputError` when it is neither."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise InputError("picture", "is neither JPEG nor PNG")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def _head(document: object, fetch: Callable[[str], bytes]) -> Head:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError("format", f"must be {FORMAT}")
    try:
        arrays = {name: _array(document[name], columns) for name, (columns, _) in ARRAYS.items()}
        texture = document["texture"]
        return Head(
            texture=decode_picture(fetch(texture["url"])),
            texture_scale=float(texture["scale"]),
            texture_top=int(texture["top"]),
            mesh=HeadMesh(
                triangles=arrays.pop("triangles").astype(np.int32),
                **arrays,
                camera_distance=float(document["cameraDistance"]),
            ),
            frame=(int(document["frame"][0]), int(document["frame"][1])),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError("asset", f"is damaged: {error}") from error


def _array(values: list[float], columns: int) -> Floats:
    flat = np.asarray(values, np.float64)
    return flat.reshape(-1, columns) if columns else flat


def _replace(path: Path, data: bytes) -> None:
    """Write beside the file and swap, so that nobody ever reads half of it."""
    beside = path.with_suffix(path.suffix + ".new")
    beside.write_bytes(data)
    os.replace(beside, path)
