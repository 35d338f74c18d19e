"""From a caller's picture to its faces; no pixel outlives the request."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from app.api.shapes import Answer, Picture, Request
from app.capture.intake import read_image
from app.errors import InputError
from app.faces.types import Template, TemplateKind
from app.inference.types import FaceEngine, FaceGeometry, RgbImage
from app.pipeline.landmarks import keep_tracked
from app.pipeline.quality import face_quality, limiting_component

MAX_FACES = 10
# Faces beyond this number are not even counted; each costs a look at its surroundings.
MAX_COUNTED = 20


@dataclass(frozen=True, slots=True)
class PictureFaces:
    """A decoded picture with the faces that were asked for, largest first."""

    image: RgbImage
    faces: tuple[FaceGeometry, ...]
    unprocessed: int
    """How many more there are."""


class OnePicture(Request):
    """A picture of at least one face."""

    image: Picture


class SomePicture(OnePicture):
    """A picture, and how many of its faces are wanted."""

    max_face_count: Annotated[int, Field(ge=1, le=MAX_FACES)] = 1


class BoundingBox(Answer):
    """A face's square in pixels of the picture; may reach outside of it."""

    x: float
    y: float
    width: float
    height: float


class FoundFace(Answer):
    """Where a face is, and how sure that it is one."""

    confidence: float
    """0…1."""
    bounding_box: BoundingBox


def find_faces(engine: FaceEngine, picture: Picture, wanted: int, field: str = "image") -> PictureFaces:
    """Decode a picture and find its faces; errors name `field`."""
    image = read_image(picture.bytes, f"{field}.bytes")
    faces = engine.detect(image, MAX_COUNTED)
    return PictureFaces(image, tuple(faces[:wanted]), max(0, len(faces) - wanted))


def largest_face(engine: FaceEngine, picture: Picture, field: str) -> tuple[RgbImage, FaceGeometry]:
    """Return the picture and its largest face; `InputError` when there is none."""
    found = find_faces(engine, picture, 1, field)
    if not found.faces:
        raise InputError(field, "no face was found in the picture")
    return found.image, found.faces[0]


def template_of(engine: FaceEngine, picture: Picture, field: str = "image") -> Template:
    """Return the template of a picture's largest face; `InputError` for a face too bad to compare."""
    image, face = largest_face(engine, picture, field)
    limiting = limiting_component(face_quality(image, keep_tracked(face.landmarks)))
    if limiting is not None:
        raise InputError(field, f"the face cannot be compared: {limiting.replace('_', ' ')}")
    kind = TemplateKind(engine.recognition_model, engine.landmarker_name)
    return Template(engine.embed(image, face), 1.0, kind)


def described(face: FaceGeometry) -> FoundFace:
    """Return what is told of a found face."""
    x, y, width, height = (round(float(value), 1) for value in face.box)
    return FoundFace(
        confidence=round(float(face.presence), 4),
        bounding_box=BoundingBox(x=x, y=y, width=width, height=height),
    )
