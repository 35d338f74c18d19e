"""The growth of a search with the number of faces, drawn."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.evaluation.pictures import require_matplotlib

# Title of a panel -> the figures in it: key -> label.
_PANELS = {
    "milliseconds": {
        "p50Ms": "search, median",
        "p95Ms": "search, 95 of 100",
        "addMs": "new face, until others find it",
    },
    "resident memory, MB": {"memoryMb": "process"},
    "seconds to the first answer": {"coldStartS": "fresh process"},
}


def draw_growth(path: Path, growth: Sequence[Mapping[str, Any]]) -> None:
    """Write a PNG of the figures at each size; `SettingsError` without matplotlib."""
    pyplot = require_matplotlib()
    figure, panels = pyplot.subplots(1, len(_PANELS), figsize=(13, 4))
    faces = [each["faces"] for each in growth]
    for axes, (title, lines) in zip(panels, _PANELS.items(), strict=True):
        for key, label in lines.items():
            axes.plot(faces, [each[key] for each in growth], marker="o", label=label)
        axes.set(xscale="log", xlabel="faces", title=title)
        axes.set_ylim(bottom=0)
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
