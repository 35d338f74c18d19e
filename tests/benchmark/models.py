"""Each model on its own, and one frame through the pipeline."""

from collections.abc import Callable, Iterable
from pathlib import Path

from app.capture.intake import read_image, read_sample
from app.inference.dlib_resnet import DlibResNet
from app.inference.engine import OpenPackEngine
from app.inference.face_api_demographics import FaceApiDemographics
from app.inference.faceres import FaceResDemographics
from app.inference.liveness_pad import LivenessPad
from app.inference.manifest import load_manifest
from app.inference.runtime import OnnxModel
from app.pipeline.measure import MAX_FACES, measure_frame
from app.pipeline.planning import FramePlan
from app.pipeline.types import CaptureSample
from tests.benchmark.figures import Timing
from tests.benchmark.timing import time_call

Task = tuple[str, Callable[[], object], str]
Watch = Callable[[list[Task]], Iterable[Task]]


def time_models(
    engine: OpenPackEngine, models_dir: Path, picture: bytes, seconds: float, watch: Watch
) -> list[Timing]:
    """Time every model on the face in `picture`, one thread per model, each for about `seconds`."""
    image = read_image(picture)
    [face] = engine.detect(image, 1)
    manifest = load_manifest()

    def onnx(key: str) -> OnnxModel:
        return OnnxModel(models_dir / manifest.models[key].file, manifest.models[key])

    recognition, pad = DlibResNet(onnx("dlib_resnet")), LivenessPad(onnx("liveness"))
    face_api, faceres = FaceApiDemographics(onnx("face_api_age_gender")), FaceResDemographics(onnx("faceres"))
    tasks: list[Task] = [
        ("detector and mesh, one face wanted", lambda: engine.detect(image, 1), engine.landmarker_name),
        (
            f"detector and mesh, up to {MAX_FACES} faces wanted",
            lambda: engine.detect(image, MAX_FACES),
            "with the second detector that looks for bystanders; this is what a capture does",
        ),
        ("embedding", lambda: recognition.embed(image, face), f"{recognition.name}, chip and mirror image"),
        ("age and gender, first", lambda: face_api.estimate(image, face), face_api.name),
        ("age and gender, second", lambda: faceres.estimate(image, face), faceres.name),
        ("passive liveness", lambda: pad.bona_fide_score(image, face), pad.name),
    ]
    return [time_call(name, call, seconds, note) for name, call, note in watch(tasks)]


def time_frame(engine: OpenPackEngine, picture: bytes, seconds: float, watch: Watch) -> list[Timing]:
    """Time one frame from its bytes to its measurement."""
    sample = _sample(picture)
    bare, embedding = FramePlan(), FramePlan(embedding_due=True)
    everything = FramePlan(embedding_due=True, demographics_due=True, bona_fide_due=True)
    tasks: list[Task] = [
        ("decode", lambda: _sample(picture), f"{len(picture) / 1000:.0f} KB of JPEG"),
        ("measure", lambda: measure_frame(sample, engine, bare), "faces, pose, quality, colour: every frame"),
        (
            "measure with embedding",
            lambda: measure_frame(sample, engine, embedding),
            "about every second frame at rest, every fifth in a challenge",
        ),
        (
            "measure with every model",
            lambda: measure_frame(sample, engine, everything),
            "at most five frames of an attempt",
        ),
    ]
    return [time_call(name, call, seconds, note) for name, call, note in watch(tasks)]


def _sample(picture: bytes) -> CaptureSample:
    return read_sample(picture, number=0, client_ms=0.0, received_ms=0.0)
