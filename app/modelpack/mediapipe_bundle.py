"""Face landmarker bundle for MediaPipe Tasks, rebuilt from the models inside a MediaPipe wheel.

No package registry carries `face_landmarker.task`, but the wheel of the last version with models
has its two parts. The detector fits as it is. The landmark network must be rewired at its outputs:
the Tasks graph wants 478 points where the file gives 468, and a bundle with the wrong outputs loads
without an error and returns garbage. The ten missing points (the irises of another network) become
five copies of each eye's centre, which is the mean of that eye's contour.
"""

import importlib.util
import io
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray

from app.inference.eye_contours import LEFT_EYE_CONTOUR, RIGHT_EYE_CONTOUR
from app.modelpack.tflite_graph import TfliteGraph, serialise

DETECTOR_MEMBER = "mediapipe/modules/face_detection/face_detection_short_range.tflite"
LANDMARKS_MEMBER = "mediapipe/modules/face_landmark/face_landmark.tflite"
SCHEMA_MEMBER = "mediapipe/tasks/metadata/schema_py_generated.py"
METADATA_SCHEMA_MEMBER = "mediapipe/tasks/metadata/metadata_schema_py_generated.py"

MESH_POINTS = 468
EYE_CENTRE_COPIES = 5

ZIP_ALIGNMENT = 64
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
# A local header is 30 bytes, then the name, then the extra field, which here is only padding.
_ZIP_LOCAL_HEADER_BYTES = 30
_ZIP_PADDING_FIELD = b"\xff\xff"


def build_face_landmarker(wheel: zipfile.ZipFile) -> bytes:
    """Return the bundle made from a MediaPipe 0.10.21 `wheel`.

    The result is the same byte for byte on every machine: the FlatBuffers schema comes from the
    wheel too, not from whichever MediaPipe is installed.
    """
    schema = _load_module(wheel, SCHEMA_MEMBER)
    metadata_schema = _load_module(wheel, METADATA_SCHEMA_MEMBER)
    detector = wheel.read(DETECTOR_MEMBER)
    landmarks = rewire_landmarks(wheel.read(LANDMARKS_MEMBER), schema, metadata_schema)
    return pack_bundle({"face_detector.tflite": detector, "face_landmarks_detector.tflite": landmarks})


def eye_contour_coordinates() -> NDArray[np.int32]:
    """Return (6, 16) indices into the flattened mesh: x, y, z of the right eye, then of the left."""
    rows = [
        [point * 3 + axis for point in contour]
        for contour in (RIGHT_EYE_CONTOUR, LEFT_EYE_CONTOUR)
        for axis in range(3)
    ]
    return np.array(rows, dtype=np.int32)


def output_order() -> NDArray[np.int32]:
    """Return the (1434,) indices of 478 points in the mesh followed by the two eye centres."""
    mesh = np.arange(MESH_POINTS * 3)
    right = mesh.size + np.arange(3)
    copies = [np.tile(centre, EYE_CENTRE_COPIES) for centre in (right, right + 3)]
    return np.concatenate([mesh, *copies]).astype(np.int32)


def rewire_landmarks(network: bytes, schema: ModuleType, metadata_schema: ModuleType) -> bytes:
    """Return the TFLite landmark `network` with the outputs that MediaPipe Tasks expects.

    The outputs are the landmarks, (1, 1, 1, 1434), and the presence logit, in this order.
    """
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(network, 0))
    mesh, presence = model.subgraphs[0].outputs
    landmarks = _append_eye_centres(TfliteGraph(schema, model), int(mesh))
    model.subgraphs[0].outputs = np.array([landmarks, presence], dtype=np.int32)
    _replace_metadata(model, _build_metadata(metadata_schema))
    return serialise(schema, model)


def pack_bundle(members: dict[str, bytes]) -> bytes:
    """Return a zip of stored `members` whose data begin at multiples of 64, as Tasks maps them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as bundle:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, date_time=ZIP_DATE)
            entry.create_system = 3  # the same bytes on every operating system
            entry.external_attr = 0o600 << 16
            entry.extra = _padding_field(stream.tell() + _ZIP_LOCAL_HEADER_BYTES + len(name))
            bundle.writestr(entry, content)
    return stream.getvalue()


def _padding_field(data_offset: int) -> bytes:
    """Return an extra field that moves data from `data_offset` to the next aligned offset."""
    head = len(_ZIP_PADDING_FIELD) + 2
    size = -(data_offset + head) % ZIP_ALIGNMENT
    return _ZIP_PADDING_FIELD + size.to_bytes(2, "little") + bytes(size)


def _load_module(archive: zipfile.ZipFile, member: str) -> ModuleType:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, Path(member).name)
        path.write_bytes(archive.read(member))
        spec = importlib.util.spec_from_file_location(f"wheel_{path.stem}", path)
        if spec is None or spec.loader is None:
            raise ImportError(member)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def _append_eye_centres(graph: TfliteGraph, mesh: int) -> int:
    """Append flatten, gather, mean, concatenate, gather, reshape; return the last tensor's index."""
    flat_name = f"fl/{graph.tensor_name(mesh)}"
    coordinates, order = eye_contour_coordinates(), output_order()
    size = MESH_POINTS * 3
    flat_shape = graph.constant(f"{flat_name}/shape", [size])
    flat = graph.operator(
        "Reshape", [mesh, flat_shape], flat_name, [size], newShape=np.array([size], np.int32)
    )
    contour_index = graph.constant("fl/eyexyz/idx", coordinates)
    contour = graph.operator("Gather", [flat, contour_index], "fl/eyexyz", coordinates.shape, axis=0)
    axis = graph.constant("fl/eyec/axis", [1])
    centres = graph.operator("Reducer", [contour, axis], "fl/eyec", [6], keepDims=False)
    joined = graph.operator("Concatenation", [flat, centres], "fl/all", [size + 6], axis=0)
    order_index = graph.constant("landmarks_478x3/idx", order)
    ordered = graph.operator("Gather", [joined, order_index], "landmarks_478x3", order.shape, axis=0)
    shape = np.array([1, 1, 1, order.size], np.int32)
    shape_tensor = graph.constant("landmarks/shape", shape)
    return graph.operator("Reshape", [ordered, shape_tensor], "landmarks", list(shape), newShape=shape)


def _build_metadata(schema: ModuleType) -> bytes:
    """Return the `ModelMetadata` that MediaPipe Tasks reads the input's normalisation from."""
    normalisation = schema.NormalizationOptionsT()
    normalisation.mean, normalisation.std = [0.0], [255.0]
    unit = schema.ProcessUnitT()
    unit.optionsType, unit.options = schema.ProcessUnitOptions.NormalizationOptions, normalisation
    image = schema.TensorMetadataT()
    image.name, image.description = "image", "RGB face crop"
    image.content = _content(schema, "ImageProperties")
    image.content.contentProperties.colorSpace = schema.ColorSpaceType.RGB
    image.processUnits = [unit]
    image.stats = schema.StatsT()
    image.stats.max, image.stats.min = [1.0], [0.0]
    subgraph = schema.SubGraphMetadataT()
    subgraph.inputTensorMetadata = [image]
    subgraph.outputTensorMetadata = [_output_metadata(schema, name) for name in ("landmarks", "presence")]
    model = schema.ModelMetadataT()
    model.name, model.version = "Face landmarks detection", "1"
    model.description = "plain mesh, iris points are eye centres"
    model.author, model.license = "MediaPipe models, outputs rearranged", "Apache-2.0"
    model.minParserVersion = "1.0.0"
    model.subgraphMetadata = [subgraph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"M001")
    return bytes(builder.Output())


def _content(schema: ModuleType, kind: str) -> Any:  # noqa: ANN401 - generated schema class
    content = schema.ContentT()
    content.contentPropertiesType = getattr(schema.ContentProperties, kind)
    content.contentProperties = getattr(schema, f"{kind}T")()
    return content


def _output_metadata(schema: ModuleType, name: str) -> Any:  # noqa: ANN401 - generated schema class
    output = schema.TensorMetadataT()
    output.name = name
    output.content = _content(schema, "FeatureProperties")
    return output


def _replace_metadata(model: Any, metadata: bytes) -> None:  # noqa: ANN401 - generated schema class
    entry = next(entry for entry in model.metadata if entry.name == b"TFLITE_METADATA")
    model.buffers[entry.buffer].data = np.frombuffer(metadata, dtype=np.uint8)
