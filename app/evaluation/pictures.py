"""Pictures of an evaluation; matplotlib is needed here alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import SettingsError
from app.evaluation.ages import BANDS, AgeAnswer, band_name, band_of
from app.evaluation.counts import GROUPS, CountAnswer, group_of

BINS = 80
CURVE_POINTS = 400


def require_matplotlib(option: str = "--pictures") -> Any:  # noqa: ANN401 -- untyped, may be absent
    """Return `pyplot` set to draw into files; `SettingsError` telling how to install it for `option`."""
    try:
        import matplotlib as mpl
    except ImportError:
        raise SettingsError(f"{option}: needs matplotlib (`pip install matplotlib`)") from None
    mpl.use("Agg")
    from matplotlib import pyplot

    return pyplot


def draw_scores(
    folder: Path, name: str, genuine: NDArray[Any], impostor: NDArray[Any], thresholds: dict[str, float]
) -> list[Path]:
    """Draw the score histogram and the detection error trade-off; return the files."""
    return [
        _draw_histogram(folder / f"{name}-scores.png", genuine, impostor, thresholds),
        _draw_trade_off(folder / f"{name}-det.png", genuine, impostor),
    ]


def draw_ages(folder: Path, answers: Sequence[AgeAnswer]) -> list[Path]:
    """Draw estimate against label and the mean error of each band; return the files."""
    said = [(each.label.age, each.estimate.age_years) for each in answers if each.estimate is not None]
    return [_draw_age_scatter(folder / "age-scatter.png", said), _draw_bands(folder / "age-bands.png", said)]


def draw_counts(folder: Path, answers: Sequence[CountAnswer]) -> list[Path]:
    """Draw found against labelled numbers of faces; return the files."""
    pyplot = require_matplotlib()
    names = list(GROUPS)
    table = np.zeros((len(names), len(names)), dtype=int)
    for answer in answers:
        table[names.index(group_of(answer.label.faces)), names.index(group_of(answer.found))] += 1
    figure, axes = pyplot.subplots(figsize=(5, 5))
    axes.imshow(table, cmap="Blues")
    for (row, column), count in np.ndenumerate(table):
        colour = "white" if count > table.max() / 2 else "black"
        axes.text(column, row, count, ha="center", va="center", color=colour)
    axes.set(xlabel="faces found", ylabel="faces labelled", title="Photos by number of faces")
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    return [_save(pyplot, figure, folder / "detection-confusion.png")]


def _draw_histogram(
    path: Path, genuine: NDArray[Any], impostor: NDArray[Any], thresholds: dict[str, float]
) -> Path:
    pyplot = require_matplotlib()
    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    lowest = min(values.min() for values in (genuine, impostor) if len(values))
    bins = np.linspace(lowest, 1.0, BINS)
    axes.hist(impostor, bins, density=True, alpha=0.6, label=f"different people ({len(impostor)})")
    axes.hist(genuine, bins, density=True, alpha=0.6, label=f"same person ({len(genuine)})")
    for number, (label, threshold) in enumerate(thresholds.items()):
        axes.axvline(threshold, color=f"C{number + 2}", linestyle="--", label=f"{label}: {threshold:.4f}")
    axes.set(xlabel="cosine similarity", ylabel="density", title="Similarity scores")
    axes.legend()
    return _save(pyplot, figure, path)


def _draw_trade_off(path: Path, genuine: NDArray[Any], impostor: NDArray[Any]) -> Path:
    pyplot = require_matplotlib()
    genuine, impostor = np.sort(genuine), np.sort(impostor)
    steps = np.quantile(impostor, 1 - np.logspace(0, -np.log10(max(len(impostor), 10)), CURVE_POINTS))
    false_match = 1 - np.searchsorted(impostor, steps) / len(impostor)
    false_non_match = np.searchsorted(genuine, steps) / max(len(genuine), 1)
    figure, axes = pyplot.subplots(figsize=(6, 5))
    axes.loglog(false_match, np.maximum(false_non_match, 0.5 / max(len(genuine), 1)))
    axes.set(xlabel="false match rate", ylabel="false non-match rate", title="Detection error trade-off")
    axes.grid(visible=True, which="both", alpha=0.3)
    return _save(pyplot, figure, path)


def _draw_age_scatter(path: Path, said: Sequence[tuple[float, float]]) -> Path:
    pyplot = require_matplotlib()
    figure, axes = pyplot.subplots(figsize=(5.5, 5.5))
    axes.scatter([label for label, _ in said], [estimate for _, estimate in said], s=6, alpha=0.5)
    axes.plot([0, 100], [0, 100], color="black", linewidth=0.8)
    axes.set(xlabel="labelled age, years", ylabel="estimated age, years", title="Age")
    return _save(pyplot, figure, path)


def _draw_bands(path: Path, said: Sequence[tuple[float, float]]) -> Path:
    pyplot = require_matplotlib()
    bands = [first for first in BANDS if any(band_of(label) == first for label, _ in said)]
    errors = [
        np.mean([abs(age - label) for label, age in said if band_of(label) == first]) for first in bands
    ]
    figure, axes = pyplot.subplots(figsize=(7, 4))
    axes.bar([band_name(first) for first in bands], errors)
    axes.set(xlabel="labelled age, years", ylabel="mean absolute error, years", title="Error by age")
    return _save(pyplot, figure, path)


def _save(pyplot: Any, figure: Any, path: Path) -> Path:  # noqa: ANN401
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return path
