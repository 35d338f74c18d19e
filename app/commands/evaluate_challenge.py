"""`flask evaluate challenge`: simulated people and attackers go through the challenge."""

import json
from collections import defaultdict
from pathlib import Path

import click
from tqdm import tqdm

from app.commands.evaluate import evaluate_commands
from app.commands.parts import clear_errors
from app.evaluation.challenge import (
    HEADER,
    ChallengeReport,
    ChallengeRow,
    render_markdown,
    table_rows,
)
from app.evaluation.challenge_pictures import draw_challenge
from app.evaluation.pictures import require_matplotlib
from app.evaluation.tables import render_table
from app.simulation.attacks import SPECIES
from app.simulation.campaign import Campaign
from app.simulation.grid import CAMERA_GRID
from app.simulation.trials import BONA_FIDE, Tier, TrialResult
from app.vocabulary import ChallengeType

_folder = click.Path(file_okay=False, path_type=Path)
_file = click.Path(dir_okay=False, path_type=Path)
LEVELS: dict[str, tuple[ChallengeType, ...]] = {
    "Balanced": (ChallengeType.BALANCED,),
    "Advanced": (ChallengeType.ADVANCED,),
    "both": (ChallengeType.BALANCED, ChallengeType.ADVANCED),
}
BONA_FIDE_TITLE = "cooperative person"


@evaluate_commands.command("challenge", with_appcontext=False)
@click.option("--trials", type=click.IntRange(1), default=100, show_default=True, help="Of each, per level.")
@click.option("--level", type=click.Choice(list(LEVELS)), default="both", show_default=True)
@click.option("--species", multiple=True, help="Attack, or bona-fide; may be repeated. Default: all.")
@click.option(
    "--tier", type=click.Choice(["measurements", "pixels"]), default="measurements", show_default=True
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--faces", type=_folder, default=Path("var/test-faces"), show_default=True, help="Photos of people."
)
@click.option("--heads", type=click.IntRange(2), help="Use no more than this many of them.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes.")
@click.option("--landmarker", default="mediapipe", show_default=True, envvar="VISAVIS_LANDMARKER")
@click.option("--config-dir", type=_folder, default=Path("config"), envvar="VISAVIS_CONFIG_DIR")
@click.option("--models-dir", type=_folder, default=Path("models"), envvar="VISAVIS_MODELS_DIR")
@click.option("--json", "json_file", type=_file, help="Write all figures.")
@click.option("--markdown", "markdown_file", type=_file, help="Write the table as Markdown.")
@click.option("--picture", "picture_file", type=_file, help="Draw the rates (PNG).")
def evaluate_challenge(
    trials: int,
    level: str,
    species: tuple[str, ...],
    tier: str,
    seed: int,
    faces: Path,
    heads: int | None,
    jobs: int,
    landmarker: str,
    config_dir: Path,
    models_dir: Path,
    json_file: Path | None,
    markdown_file: Path | None,
    picture_file: Path | None,
) -> None:
    """Measure how often people are refused and attacks accepted, over simulated cameras."""
    with clear_errors():
        if picture_file is not None:
            require_matplotlib("--picture")
        campaign = Campaign(
            faces=faces,
            models_dir=models_dir,
            policy_file=config_dir / "policy.toml",
            landmarker=landmarker,
            tier=Tier(tier),
            seed=seed,
            trials=trials,
            levels=LEVELS[level],
            species=species or (BONA_FIDE, *SPECIES),
            max_heads=heads,
        )
        report = _measured(campaign, jobs)
    click.echo(f"{report.basis}\n\n{render_table(HEADER, table_rows(report))}")
    if json_file is not None:
        _write(json_file, json.dumps(report.to_json(), indent=2) + "\n")
    if markdown_file is not None:
        _write(markdown_file, render_markdown(report))
    if picture_file is not None:
        draw_challenge(picture_file, report)


def _measured(campaign: Campaign, jobs: int) -> ChallengeReport:
    found: dict[tuple[str, ChallengeType], list[TrialResult]] = defaultdict(list)
    for result in tqdm(campaign.run(jobs), total=campaign.total, desc="trials", mininterval=0.5):
        found[result.species, result.level].append(result)
    rows = [
        ChallengeRow(
            species=name,
            title=BONA_FIDE_TITLE if name == BONA_FIDE else SPECIES[name].title,
            level=level.value,
            bona_fide=name == BONA_FIDE,
            trials=found[name, level],
        )
        for name, level in sorted(campaign.groups, key=lambda group: list(ChallengeType).index(group[1]))
    ]
    trials = [trial for row in rows for trial in row.trials]
    return ChallengeReport(
        tier=campaign.tier.value,
        seed=campaign.seed,
        cameras=min(len(CAMERA_GRID), campaign.trials),
        heads=len({trial.head for trial in trials}),
        people=len({trial.person for trial in trials}),
        rows=rows,
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
