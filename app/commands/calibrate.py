"""`flask calibrate …`: measure thresholds after a change of models. Needs neither database nor secrets."""

from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from app.commands.evaluate import SEED, engine_options, load_engine, photos_by_person, watched
from app.commands.parts import clear_errors
from app.evaluation import labels
from app.evaluation.calibrating import Provenance, calibrate
from app.evaluation.photos import embed_photos
from app.evaluation.tables import render_table
from app.faces.calibration import Calibration

calibrate_commands = AppGroup("calibrate", help="Measure decision thresholds on labelled pictures.")

DEFAULT_LANDMARKER = "mediapipe"


@calibrate_commands.command("recognition", with_appcontext=False)
@click.option(
    "--identities",
    "identities_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="CSV: path,identity. Many people, some with ten photos of different occasions.",
)
@click.option("--dataset", help="What the photos are, for the record; the list's name when not given.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Another file to write.")
@engine_options
def calibrate_recognition(
    identities_file: Path,
    dataset: str | None,
    out: Path | None,
    root: Path,
    models_dir: Path,
    config_dir: Path,
    landmarker: str,
) -> None:
    """Measure error rates for every pair of template sizes and write the calibration file."""
    with clear_errors():
        entries = labels.read_identities(identities_file, root)
        engine = load_engine(models_dir, landmarker)
        embeddings = embed_photos(engine, [entry.path for entry in entries], watched)
        provenance = Provenance(
            engine.recognition_model,
            engine.landmarker_name,
            dataset or identities_file.name,
            datetime.now(UTC).date().isoformat(),
        )
        calibration = calibrate(photos_by_person(entries, embeddings), provenance, SEED, watched)
    suffix = "" if landmarker == DEFAULT_LANDMARKER else f".{landmarker}"
    target = out or config_dir / "calibration" / f"{engine.recognition_model}{suffix}.json"
    write_calibration(target, calibration)
    click.echo(f"{_table(calibration)}\n\nWrote {target}.")


def write_calibration(target: Path, calibration: Calibration) -> None:
    """Write the file whole or not at all; a service that starts meanwhile reads the old one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".tmp")
    unfinished.write_text(calibration.model_dump_json(by_alias=True, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(target)


def _table(calibration: Calibration) -> str:
    shown = (1e-3, 1e-4, 1e-5, 1e-6)
    header = ("sizes", "people", *(f"FMR {rate:g}: threshold, FNMR" for rate in shown))
    rows = []
    for table in calibration.tables:
        points = {point.fmr: point for point in table.points}
        cells = [
            f"{points[rate].threshold:.4f} {points[rate].fnmr:.2%}{' *' if points[rate].extrapolated else ''}"
            for rate in shown
        ]
        rows.append((f"{table.smaller} : {table.larger}", table.people, *cells))
    return render_table(header, rows) + "\n* extrapolated"
