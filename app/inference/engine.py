"""The model pack behind the one interface that the pipeline knows."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from app.errors import ModelPackError
from app.inference.blazeface import BlazeFaceDetector
from app.inference.dlib_resnet import DlibResNet
from app.inference.face_api_demographics import FaceApiDemographics
from app.inference.face_landmarker import MediaPipeLandmarker
from app.inference.facemesh import OnnxLandmarker
from app.inference.faceres import FaceResDemographics
from app.inference.liveness_pad import LivenessPad
from app.inference.manifest import PLUS_PACK, Manifest, load_manifest
from app.inference.minifasnet import MiniFASNetPad
from app.inference.runtime import OnnxModel
from app.inference.types import (
    Demographics,
    Embedding,
    FaceEngine,
    FaceGeometry,
    FaceLandmarkerEngine,
    RgbImage,
)

# Model files that each choice of landmarker needs, by key of the manifest.
LANDMARKER_MODELS = {"mediapipe": ("face_landmarker", "blazeface"), "onnx": ("blazeface", "facemesh")}
MEASURING_MODELS = ("dlib_resnet", "face_api_age_gender", "faceres", "liveness")

WARM_UP_SIZE = 128
LANDMARKS = 478


class OpenPackEngine(FaceEngine):
    """All models of the open pack; passive liveness is that of the plus pack where it is installed.

    Safe to share between threads and to inherit through a fork.
    """

    def __init__(
        self,
        landmarker: FaceLandmarkerEngine,
        recognition: DlibResNet,
        demographics: tuple[FaceApiDemographics, FaceResDemographics],
        pad: LivenessPad | MiniFASNetPad,
    ) -> None:
        self.landmarker_name = landmarker.name
        self.recognition_model = recognition.name
        self.embedding_dimensions = recognition.dimensions
        self.pad_model = pad.name
        self.demographics_models = tuple(model.name for model in demographics)
        self._landmarker = landmarker
        self._recognition = recognition
        self._demographics = demographics
        self._pad = pad

    @classmethod
    def from_manifest(
        cls,
        models_dir: Path,
        landmarker: str = "mediapipe",
        threads: int = 1,
        manifest: Manifest | None = None,
    ) -> "OpenPackEngine":
        """Verify the files in `models_dir` against the manifest and return the engine.

        `landmarker` is `mediapipe` or `onnx`; enrolment and verification must use the same one.
        `threads` is what one inference, and OpenCV, may use. Models load when first used; `warm_up` loads
        all of them.

        Raises:
            ModelPackError: an unknown landmarker, or a model file that is missing or altered.

        """
        if landmarker not in LANDMARKER_MODELS:
            raise ModelPackError(f"landmarker: must be one of {', '.join(LANDMARKER_MODELS)}")
        manifest = manifest or load_manifest()
        # A pack of which a file is there was meant to be used: half of it is an error, not a choice.
        plus = [key for key in manifest.keys_of(PLUS_PACK) if key in manifest.expected(models_dir)]
        manifest.verify(models_dir, (*LANDMARKER_MODELS[landmarker], *MEASURING_MODELS, *plus))

        # OpenCV would wake a thread per core for pictures that one core has done in the meantime.
        cv2.setNumThreads(threads)

        def onnx(key: str) -> OnnxModel:
            return OnnxModel(models_dir / manifest.models[key].file, manifest.models[key], threads)

        return cls(
            _landmarker(landmarker, models_dir, manifest, onnx),
            DlibResNet(onnx("dlib_resnet")),
            (FaceApiDemographics(onnx("face_api_age_gender")), FaceResDemographics(onnx("faceres"))),
            MiniFASNetPad.from_models(onnx) if plus else LivenessPad(onnx("liveness")),
        )

    def detect(self, image: RgbImage, max_faces: int) -> list[FaceGeometry]:
        """Return up to `max_faces` faces, largest first."""
        return self._landmarker.detect(image, max_faces)

    def embed(self, image: RgbImage, face: FaceGeometry) -> Embedding:
        """Return the length-1 recognition embedding of one face, (128,)."""
        return self._recognition.embed(image, face)

    def estimate_demographics(self, image: RgbImage, face: FaceGeometry) -> Demographics:
        """Return the mean of the two age and gender models."""
        estimates = [model.estimate(image, face) for model in self._demographics]
        return Demographics(
            age_years=float(np.mean([estimate.age_years for estimate in estimates])),
            male_probability=float(np.mean([estimate.male_probability for estimate in estimates])),
        )

    def bona_fide_score(self, image: RgbImage, face: FaceGeometry) -> float:
        """Return the passive liveness score, 0…1, higher = more like a live capture."""
        return self._pad.bona_fide_score(image, face)

    def warm_up(self) -> None:
        """Load every model of this process now, so that the first visitor does not wait for it."""
        blank = np.zeros((WARM_UP_SIZE, WARM_UP_SIZE, 3), dtype=np.uint8)
        self.detect(blank, 1)
        face = _made_up_face()
        self.embed(blank, face)
        self.estimate_demographics(blank, face)
        self.bona_fide_score(blank, face)


def _landmarker(
    kind: str, models_dir: Path, manifest: Manifest, onnx: Callable[[str], OnnxModel]
) -> FaceLandmarkerEngine:
    detector = BlazeFaceDetector(onnx("blazeface"))
    if kind == "mediapipe":
        bundle = manifest.models["face_landmarker"]
        return MediaPipeLandmarker(models_dir / bundle.file, bundle.name, detector)
    name = "+".join(manifest.models[key].name for key in LANDMARKER_MODELS["onnx"])
    return OnnxLandmarker(detector, onnx("facemesh"), name)


def _made_up_face() -> FaceGeometry:
    """Return points spread over a picture: enough to load models, of no meaning otherwise."""
    points = np.zeros((LANDMARKS, 3), dtype=np.float32)
    points[:, :2] = np.random.default_rng(0).uniform(0, WARM_UP_SIZE, (LANDMARKS, 2))
    side = float(WARM_UP_SIZE)
    return FaceGeometry(landmarks=points, box=(0.0, 0.0, side, side), presence=1.0)
