"""`flask sandbox …`: the rendered head that stands in where there is no camera."""

from pathlib import Path

import click
import numpy as np
from flask.cli import AppGroup

from app.capture.intake import read_image
from app.commands.parts import clear_errors, load_settings
from app.errors import InputError
from app.inference.engine import OpenPackEngine
from app.inference.types import RgbImage
from app.sandbox.assets import write_asset
from app.sandbox.head import build_head
from app.settings import Settings

HEAD_NAME = "head"

sandbox_commands = AppGroup("sandbox", help="A rendered head as camera; its results are worth nothing.")


@sandbox_commands.command("install")
@click.option(
    "--photo", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Another portrait."
)
@click.option("--if-missing", is_flag=True, help="Do nothing when there is a head already.")
def install(photo: Path | None, if_missing: bool) -> None:
    """Build the head from a portrait; without --photo from the astronaut that scikit-image carries."""
    settings = load_settings()
    if if_missing and (settings.sandbox_dir / f"{HEAD_NAME}.json").exists():
        return
    with clear_errors():
        install_head(settings, photo)
    click.echo(f"Wrote the sandbox head to {settings.sandbox_dir}.")


def install_head(settings: Settings, photo: Path | None) -> None:
    """Write the head's mesh and texture; `InputError` when the picture shows no face."""
    picture = read_image(photo.read_bytes(), "photo") if photo else _astronaut()
    engine = OpenPackEngine.from_manifest(settings.models_dir, landmarker=settings.landmarker)
    faces = engine.detect(picture, 1)
    if not faces:
        raise InputError("photo", "shows no face")
    write_asset(build_head(picture, faces[0].landmarks), settings.sandbox_dir, HEAD_NAME)


def _astronaut() -> RgbImage:
    try:
        from skimage.data import astronaut
    except ImportError:
        raise InputError(
            "photo", "is needed: scikit-image, whose astronaut is the default, is missing"
        ) from None
    return np.ascontiguousarray(astronaut())  # type: ignore[no-untyped-call]
