"""`flask evaluate liveness`: how well passive liveness does on labelled presentations."""

import json
from pathlib import Path

import click

from app.commands import evaluate
from app.commands.evaluate import engine_options, evaluate_commands, watched
from app.commands.parts import clear_errors
from app.decision.policy import Policy
from app.evaluation.labels import read_presentations
from app.evaluation.liveness import passive_limit, score_presentations
from app.evaluation.liveness_card import render_card
from app.evaluation.liveness_plot import draw_trade_off
from app.evaluation.liveness_rates import collect, items_of, liveness_report
from app.evaluation.pictures import require_matplotlib
from app.evaluation.tables import render_report

_target = click.Path(dir_okay=False, path_type=Path)


@evaluate_commands.command("liveness", with_appcontext=False)
@click.option(
    "--labels",
    "labels_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="CSV: path,live,attack_type. A path is a picture, a folder of frames or a video; live is 1 or 0.",
)
@engine_options
@click.option("--json", "json_file", type=_target, help="Write all figures, and every score.")
@click.option("--markdown", "card_file", type=_target, help="Write a card for people.")
@click.option("--plot", "plot_file", type=_target, help="Draw the detection error trade-off (PNG).")
def evaluate_liveness(
    labels_file: Path,
    root: Path,
    models_dir: Path,
    config_dir: Path,
    landmarker: str,
    json_file: Path | None,
    card_file: Path | None,
    plot_file: Path | None,
) -> None:
    """Score live people and attacks with the passive model, as a session would."""
    with clear_errors():
        if plot_file is not None:
            require_matplotlib("--plot")
        entries = read_presentations(labels_file, root)
        policy = Policy.load(config_dir / "policy.toml")
        engine = evaluate.load_engine(models_dir, landmarker)
        threshold = passive_limit(policy, engine.pad_model).value
        answers = score_presentations(engine, entries, policy, watched)
    report = liveness_report(answers, threshold, engine.pad_model)
    click.echo(render_report({name: value for name, value in report.items() if value not in ({}, [])}))
    if json_file is not None:
        _write(json_file, json.dumps({**report, "items": items_of(answers)}, indent=2) + "\n")
    if card_file is not None:
        _write(card_file, render_card(report, f"`{labels_file.name}`"))
    if plot_file is not None:
        draw_trade_off(plot_file, collect(answers), threshold)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
