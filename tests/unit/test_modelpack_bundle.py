"""Rewiring of the landmark network and packing of the bundle; the built file's hash covers the rest."""

import io
import zipfile

import numpy as np

from app.modelpack.mediapipe_bundle import (
    MESH_POINTS,
    ZIP_ALIGNMENT,
    eye_contour_coordinates,
    output_order,
    pack_bundle,
)

MEMBERS = {"face_detector.tflite": b"d" * 1001, "face_landmarks_detector.tflite": b"l" * 77}


def data_offset(bundle: bytes, entry: zipfile.ZipInfo) -> int:
    name, extra = (int.from_bytes(bundle[entry.header_offset + at :][:2], "little") for at in (26, 28))
    return entry.header_offset + 30 + name + extra


def test_members_are_stored_and_aligned() -> None:
    bundle = pack_bundle(MEMBERS)
    for entry in zipfile.ZipFile(io.BytesIO(bundle)).infolist():
        start = data_offset(bundle, entry)
        assert start % ZIP_ALIGNMENT == 0
        assert bundle[start : start + entry.file_size] == MEMBERS[entry.filename]


def test_two_packings_are_byte_identical() -> None:
    assert pack_bundle(MEMBERS) == pack_bundle(MEMBERS)


def test_the_eye_contours_are_gathered_axis_by_axis() -> None:
    coordinates = eye_contour_coordinates()
    assert coordinates.shape == (6, 16)
    assert (coordinates % 3 == np.array([[0], [1], [2], [0], [1], [2]])).all()
    assert (coordinates[:3] // 3 == coordinates[0] // 3).all()
    assert {33, 133} <= set(coordinates[0] // 3)
    assert {263, 362} <= set(coordinates[3] // 3)


def test_the_output_is_the_mesh_and_then_each_eye_centre_five_times() -> None:
    order = output_order()
    mesh = MESH_POINTS * 3
    assert order[:mesh].tolist() == list(range(mesh))
    assert order[mesh:].tolist() == [mesh, mesh + 1, mesh + 2] * 5 + [mesh + 3, mesh + 4, mesh + 5] * 5
