"""`flask evaluate quality`: what the gate that keeps bad frames out of templates gains."""

import json
from collections.abc import Mapping
from pathlib import Path

import click
import numpy as np

from app.commands import evaluate
from app.commands.evaluate import SEED, engine_options, evaluate_commands, watched
from app.commands.parts import clear_errors
from app.evaluation.gating import TEMPLATE_SIZE, gating_report, try_photos
from app.evaluation.labels import read_identities
from app.evaluation.tables import render_report
from app.faces.calibration import read_calibration


@evaluate_commands.command("quality", with_appcontext=False)
@click.option(
    "--identities",
    "identities_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="CSV: path,identity.",
)
@click.option("--rate", type=float, default=1e-4, show_default=True, help="False match rate to compare at.")
@engine_options
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
def evaluate_quality(
    identities_file: Path,
    rate: float,
    root: Path,
    models_dir: Path,
    config_dir: Path,
    landmarker: str,
    json_file: Path | None,
) -> None:
    """Damage photos of labelled people and compare them with and without the quality gate."""
    with clear_errors():
        entries = read_identities(identities_file, root)
        engine = evaluate.load_engine(models_dir, landmarker)
        calibration = read_calibration(config_dir, engine.recognition_model, engine.landmarker_name)
        trials, missed = try_photos(engine, entries, np.random.default_rng(SEED), watched)
        report = gating_report(trials, missed, calibration.threshold(1, TEMPLATE_SIZE, rate))
    click.echo(render_report(_flat(report)))
    if json_file is not None:
        json_file.write_text(json.dumps({**report, "rate": rate}, indent=2) + "\n", encoding="utf-8")


def _flat(report: Mapping[str, object], above: str = "") -> dict[str, object]:
    """Return the figures one a line, named by their path."""
    flat: dict[str, object] = {}
    for name, value in report.items():
        flat |= _flat(value, f"{above}{name} ") if isinstance(value, Mapping) else {above + name: value}
    return flat
