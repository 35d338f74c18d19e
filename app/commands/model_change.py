"""`flask faces migrate-model`: from one recognition model to another, visit by visit."""

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands.evaluate import load_engine
from app.commands.faces import faces_commands, project_id_of, project_option
from app.commands.parts import CommandParts, clear_errors, command_parts
from app.evaluation.tables import render_table
from app.faces import model_change
from app.faces.calibration import read_calibration
from app.faces.erasure import erase_traces
from app.faces.types import TemplateKind
from app.models import Collection


@faces_commands.command("migrate-model")
@project_option
@click.option("--to", "landmarker", help="The landmarker to change to: mediapipe or onnx.")
@click.option("--finish", is_flag=True, help="Put the new templates in place; drop faces without one.")
@click.option("--abandon", is_flag=True, help="Forget the new templates.")
def migrate_model(project: str, landmarker: str | None, finish: bool, abandon: bool) -> None:
    """Change all collections of a project to another model; without an option, show how far that is.

    Begin with --to, and restart the service with VISAVIS_NEXT_LANDMARKER: whoever enrols or is recognised
    gets a template of the new model beside the old one, which goes on deciding. When enough are migrated,
    --finish, and restart at once with the new model as VISAVIS_LANDMARKER; between the two nobody passes.
    """
    if sum((landmarker is not None, finish, abandon)) > 1:
        raise click.UsageError("give one of --to, --finish and --abandon")
    parts = command_parts()
    with clear_errors():
        with parts.database.transaction() as db:
            project_id = project_id_of(db, project)
            told = _change(parts, db, project_id, landmarker, finish, abandon)
        if finish or abandon:
            erase_traces(parts.database)
    click.echo(told)


def _change(
    parts: CommandParts, db: Session, project_id: str, landmarker: str | None, finish: bool, abandon: bool
) -> str:
    changing = [each.collection for each in model_change.status(db, project_id)]
    if finish:
        done = [(each.name, model_change.finish(db, parts.sealer, each, parts.now)) for each in changing]
        return render_table(("collection", "moved", "dropped"), [(n, d.moved, d.dropped) for n, d in done])
    if abandon:
        for collection in changing:
            model_change.abandon(db, collection)
        return f"{len(changing)} collections stay as they were."
    if landmarker is not None:
        target = _target(parts, landmarker)
        for collection in db.scalars(select(Collection).filter_by(project_id=project_id)):
            model_change.begin(db, collection, target, parts.now)
    return _status(db, project_id)


def _target(parts: CommandParts, landmarker: str) -> TemplateKind:
    """Return what the model makes; refused unless its thresholds were measured."""
    engine = load_engine(parts.settings.models_dir, landmarker)
    read_calibration(parts.settings.config_dir, engine.recognition_model, engine.landmarker_name)
    return TemplateKind(engine.recognition_model, engine.landmarker_name)


def _status(db: Session, project_id: str) -> str:
    rows = [
        (
            each.collection.name,
            each.faces,
            each.migrated,
            f"{each.target.recognition_model} on {each.target.landmarker}",
        )
        for each in model_change.status(db, project_id)
    ]
    return render_table(("collection", "faces", "migrated", "to"), rows)
