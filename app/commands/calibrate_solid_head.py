"""`flask calibrate solid-head`: fits what tells a head that turns and nods from a picture of one."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np

from app.commands.calibrate import calibrate_commands
from app.commands.evaluate import SEED, engine_options, load_engine, watched
from app.commands.parts import clear_errors
from app.evaluation import labels
from app.evaluation.photos import enlarged, read_photo, subject_of
from app.evaluation.solid_head import Example, cross_validated, example_of, examples_of_photos, fit
from app.evaluation.tables import render_table
from app.inference.types import FaceEngine
from app.pipeline.landmarks import TrackedPoints, keep_tracked
from app.pipeline.verifiers.solid_head import WEIGHTS_FILE
from app.simulation.attacks.species import Props
from app.simulation.cast import load_cast
from app.simulation.movements import movement_examples

# Landmarks of small photos are read as those of a capture are, at about its size.
PHOTO_SCALE = 1.6


@calibrate_commands.command("solid-head", with_appcontext=False)
@click.option(
    "--faces",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Photos of people from which heads, sheets and masks are rendered.",
)
@click.option(
    "--identities",
    "identities_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="CSV: path,identity. Photos of the same people in different poses.",
)
@click.option("--dataset", required=True, help="What the photos are, for the record.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=WEIGHTS_FILE)
@engine_options
def calibrate_solid_head(
    faces: Path,
    identities_file: Path,
    dataset: str,
    out: Path,
    root: Path,
    models_dir: Path,
    config_dir: Path,
    landmarker: str,
) -> None:
    """Fit the discriminants of heads against sheets and masks; print their error rates for `policy.toml`."""
    del config_dir
    with clear_errors():
        engine = load_engine(models_dir, landmarker)
        examples = [*_rendered(faces, engine), *_photographed(identities_file, root, engine)]
        rates = cross_validated(examples, np.random.default_rng(SEED))
        document = _document(examples, rates, dataset, engine.landmarker_name)
    out.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    click.echo(_table(rates))
    click.echo(f"written to {out}")


def _rendered(faces: Path, engine: FaceEngine) -> list[Example]:
    cast = load_cast(faces, engine)
    props, rng = Props(), np.random.default_rng(SEED)
    return [
        example_of(each.kind, each.name, each.neutral, each.turned, each.nodded)
        for member in watched(cast, "heads")
        for each in movement_examples(member, engine, props, rng)
    ]


def _photographed(identities_file: Path, root: Path, engine: FaceEngine) -> list[Example]:
    people: dict[str, list[TrackedPoints]] = defaultdict(list)
    for entry in watched(labels.read_identities(identities_file, root), "photos"):
        face = subject_of(engine, enlarged(read_photo(entry.path), PHOTO_SCALE))
        if face is not None:
            people[f"photos of {entry.identity}"].append(keep_tracked(face.landmarks))
    return list(examples_of_photos(people, np.random.default_rng(SEED)))


def _document(
    examples: Sequence[Example], rates: dict[str, Any], dataset: str, landmarker: str
) -> dict[str, Any]:
    counts = Counter(f"{each.kind} {'photographed' if each.real else 'rendered'}" for each in examples)
    return {
        "data": dataset,
        "examples": dict(sorted(counts.items())),
        "people": len({each.name for each in examples}),
        "date": datetime.now(UTC).date().isoformat(),
        "landmarker": landmarker,
        "crossValidated": rates,
        "discriminants": {name: found.to_json() for name, found in fit(examples).items()},
    }


def _table(rates: dict[str, Any]) -> str:
    header = ("discriminant", "threshold", "BPCER rendered", "BPCER photos", "APCER sheets", "APCER masks")
    lines = [
        (
            name,
            f"{rate['threshold']:.2f}",
            f"{rate['bpcerRendered']:.1%}",
            "–" if rate["bpcerPhotos"] is None else f"{rate['bpcerPhotos']:.1%}",
            *(f"{share:.2%}" for share in rate["apcer"].values()),
        )
        for name, found in rates.items()
        for rate in found
    ]
    return render_table(header, lines)
