"""`flask evaluate …`: how well the models do on labelled pictures. Needs neither database nor secrets."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np
from flask.cli import AppGroup
from tqdm import tqdm

from app.commands.parts import clear_errors
from app.evaluation import ages, counts, labels, operating, pairs, pictures
from app.evaluation.intervals import wilson
from app.evaluation.photos import embed_photos
from app.evaluation.tables import render_report
from app.evaluation.templates import TemplateScores, compare_templates
from app.faces.calibration import Calibration, read_calibration
from app.inference.types import Embedding, FaceEngine

evaluate_commands = AppGroup("evaluate", help="Measure the models on labelled pictures.")

# Splits of photos into templates are random but the same every time.
SEED = 1

Command = TypeVar("Command", bound=Callable[..., Any])
_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_folder = click.Path(file_okay=False, path_type=Path)
_existing_folder = click.Path(exists=True, file_okay=False, path_type=Path)


def engine_options(command: Command) -> Command:
    """Add the options that say where models and calibrations are."""
    for option in (
        click.option("--landmarker", default="mediapipe", show_default=True, envvar="VISAVIS_LANDMARKER"),
        click.option("--config-dir", type=_folder, default=Path("config"), envvar="VISAVIS_CONFIG_DIR"),
        click.option("--models-dir", type=_folder, default=Path("models"), envvar="VISAVIS_MODELS_DIR"),
        click.option(
            "--root",
            type=_existing_folder,
            required=True,
            help="Folder that listed paths begin in.",
        ),
    ):
        command = option(command)
    return command


def output_options(command: Command) -> Command:
    """Add the options that say where results go besides the terminal."""
    command = click.option("--pictures", "pictures_dir", type=_folder, help="Folder for PNG pictures.")(
        command
    )
    return click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))(command)


def load_engine(models_dir: Path, landmarker: str) -> FaceEngine:
    """Return the engine over the installed pack; imported here because models take time to import."""
    from app.inference.engine import OpenPackEngine

    return OpenPackEngine.from_manifest(models_dir, landmarker)


def watched(items: Sequence[Any], caption: str) -> Iterable[Any]:
    """Show a progress bar on standard error."""
    return tqdm(items, desc=caption, mininterval=0.5)


def photos_by_person(
    identities: Sequence[labels.LabelledIdentity], embeddings: Mapping[Path, Embedding]
) -> dict[str, list[Embedding]]:
    """Return everybody's embeddings; photos without a face are left out."""
    photos: dict[str, list[Embedding]] = defaultdict(list)
    for entry in identities:
        if entry.path in embeddings:
            photos[entry.identity].append(embeddings[entry.path])
    return dict(photos)


@evaluate_commands.command("recognition", with_appcontext=False)
@click.option("--pairs", "pairs_file", type=_file, help="CSV: path_a,path_b,same.")
@click.option("--identities", "identities_file", type=_file, help="CSV: path,identity.")
@click.option(
    "--template-size",
    "template_sizes",
    type=click.IntRange(1),
    multiple=True,
    default=(3,),
    show_default=True,
    help="May be repeated: the photos are looked at once.",
)
@engine_options
@output_options
def evaluate_recognition(
    pairs_file: Path | None,
    identities_file: Path | None,
    template_sizes: tuple[int, ...],
    root: Path,
    models_dir: Path,
    config_dir: Path,
    landmarker: str,
    json_file: Path | None,
    pictures_dir: Path | None,
) -> None:
    """Compare labelled pairs of photos, and templates of several photos of labelled people."""
    if pairs_file is None and identities_file is None:
        raise click.UsageError("--pairs or --identities is needed")
    with clear_errors():
        _require_drawing(pictures_dir)
        labelled = labels.read_pairs(pairs_file, root) if pairs_file else []
        people = labels.read_identities(identities_file, root) if identities_file else []
        engine = load_engine(models_dir, landmarker)
        calibration = read_calibration(config_dir, engine.recognition_model, engine.landmarker_name)
        paths = [path for pair in labelled for path in (pair.first, pair.second)]
        embeddings = embed_photos(engine, [*paths, *(entry.path for entry in people)], watched)
        report: dict[str, Any] = {
            "pairs": _pairs(labelled, embeddings, calibration, pictures_dir) if labelled else None,
            "templates": None,
        }
        for number, size in enumerate(template_sizes if people else ()):
            drawn = pictures_dir if number == 0 else None
            templates = _templates(people, embeddings, size, calibration, drawn)
            report["templates" if number == 0 else f"templates of {size}"] = templates
    for name, part in report.items():
        if part is not None:
            click.echo(f"\n{name}\n\n{render_report(part)}")
    _write_json(json_file, report)


@evaluate_commands.command("age", with_appcontext=False)
@click.option("--labels", "labels_file", type=_file, required=True, help="CSV: path,age,gender.")
@engine_options
@output_options
def evaluate_age(
    labels_file: Path,
    root: Path,
    models_dir: Path,
    config_dir: Path,
    landmarker: str,
    json_file: Path | None,
    pictures_dir: Path | None,
) -> None:
    """Estimate age and gender of labelled faces."""
    del config_dir
    with clear_errors():
        _require_drawing(pictures_dir)
        entries = labels.read_ages(labels_file, root)
        answers = ages.estimate_ages(load_engine(models_dir, landmarker), entries, watched)
        report = ages.age_report(answers)
        if pictures_dir is not None:
            pictures.draw_ages(pictures_dir, answers)
    click.echo(render_report(report))
    _write_json(json_file, report)


@evaluate_commands.command("detection", with_appcontext=False)
@click.option("--labels", "labels_file", type=_file, required=True, help="CSV: path,n_faces.")
@engine_options
@output_options
def evaluate_detection(
    labels_file: Path,
    root: Path,
    models_dir: Path,
    config_dir: Path,
    landmarker: str,
    json_file: Path | None,
    pictures_dir: Path | None,
) -> None:
    """Count faces on labelled photos."""
    del config_dir
    with clear_errors():
        _require_drawing(pictures_dir)
        entries = labels.read_counts(labels_file, root)
        answers = counts.count_faces(load_engine(models_dir, landmarker), entries, watched)
        report = counts.counts_report(answers)
        if pictures_dir is not None:
            pictures.draw_counts(pictures_dir, answers)
    click.echo(render_report(report))
    _write_json(json_file, report)


def _pairs(
    labelled: Sequence[labels.LabelledPair],
    embeddings: Mapping[Path, Embedding],
    calibration: Calibration,
    pictures_dir: Path | None,
) -> dict[str, object]:
    scores = pairs.score_pairs(labelled, embeddings)
    threshold = calibration.single_photo.threshold
    if pictures_dir is not None:
        answered = ~np.isnan(scores.similarity)
        genuine = scores.similarity[answered & scores.same]
        impostor = scores.similarity[answered & ~scores.same]
        pictures.draw_scores(pictures_dir, "pairs", genuine, impostor, {"shipped": threshold})
    return pairs.pairs_report(scores, threshold)


def _templates(
    people: Sequence[labels.LabelledIdentity],
    embeddings: Mapping[Path, Embedding],
    size: int,
    calibration: Calibration,
    pictures_dir: Path | None,
) -> dict[str, object]:
    photos = photos_by_person(people, embeddings)
    scores = compare_templates(photos, (size, size), np.random.default_rng(SEED))
    if pictures_dir is not None:
        _draw_templates(scores, calibration, pictures_dir)
    missed = sum(entry.path not in embeddings for entry in people)
    return operating.templates_report(scores, calibration) | {
        "photos": len(people),
        "failedToAcquire": missed,
        "failureToAcquire95": wilson(missed, len(people)),
    }


def _draw_templates(scores: TemplateScores, calibration: Calibration, pictures_dir: Path) -> None:
    shipped = {
        f"shipped, FMR {rate:g}": calibration.threshold(*scores.sizes, rate)
        for rate in operating.FALSE_MATCH_RATES
    }
    pictures.draw_scores(pictures_dir, "templates", scores.genuine, scores.impostor, shipped)


def _require_drawing(pictures_dir: Path | None) -> None:
    # Found out before the long work, not after it.
    if pictures_dir is not None:
        pictures.require_matplotlib()


def _write_json(json_file: Path | None, report: Mapping[str, object]) -> None:
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
