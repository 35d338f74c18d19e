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
from app.faces.calibration import Calibration, SizeTable

calibrate_commands = AppGroup("calibrate", help="Measure decision thresholds on labelled pictures.")

DEFAULT_LANDMARKER = "mediapipe"
# What a configuration may ask for (`falseMatchRate`), by decades.
SHOWN_RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


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
        missed = len({entry.path for entry in entries}) - len(embeddings)
        people = photos_by_person(entries, embeddings)
        calibration = calibrate(people, provenance, SEED, watched, failed_to_acquire=missed)
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
    """Show, for templates of equal size, the rates that operators choose from, as "1 in N"."""
    tables = [table for table in calibration.tables if table.smaller == table.larger]
    header = ("strangers taken for one", *(_frames(table.smaller) for table in tables))
    rows = [(f"1 in {round(1 / rate):,}", *(_cell(table, rate) for table in tables)) for rate in SHOWN_RATES]
    return (
        f"{render_table(header, rows)}\n"
        "Each cell: threshold, people not recognised (at most, with 95 % confidence). * extrapolated\n"
        f"{calibration.photos} photos of {calibration.people} people;"
        f" no face in {calibration.failed_to_acquire} more."
    )


def _frames(count: int) -> str:
    return "1 frame each" if count == 1 else f"{count} frames each"


def _cell(table: SizeTable, rate: float) -> str:
    point = next(point for point in table.points if point.fmr == rate)
    star = " *" if point.extrapolated else ""
    return f"{point.threshold:.4f} {point.fnmr:.2%} ({point.fnmr95:.2%}){star}"
