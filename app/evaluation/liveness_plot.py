"""The detection error trade-off of presentation attack detection as a picture."""

from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from app.evaluation.liveness_rates import PresentationScores, Scores
from app.evaluation.pictures import require_matplotlib

# Rates that get a line; the axes are those of the normal deviate, on which two normal distributions give a
# straight line (A. Martin et al., "The DET curve in assessment of detection task performance", 1997).
TICKS = (0.001, 0.01, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99)
LOWEST = 0.001


def draw_trade_off(path: Path, scores: PresentationScores, threshold: float) -> Path:
    """Draw BPCER against APCER of each species, with a dot at the shipped threshold; return the file."""
    pyplot = require_matplotlib("--plot")
    figure, axes = pyplot.subplots(figsize=(6.5, 6))
    if len(scores.live):
        for name, attacks in scores.attacks.items():
            accepted, refused = trade_off(scores.live, attacks)
            [line] = axes.plot(_deviate(accepted), _deviate(refused), label=f"{name} ({len(attacks)})")
            at_shipped = (attacks >= threshold).mean(), (scores.live < threshold).mean()
            axes.plot(*(_deviate(np.array([rate])) for rate in at_shipped), "o", color=line.get_color())
        axes.legend(title=f"dot: shipped threshold {threshold:g}", fontsize="small")
    for set_ticks in (axes.set_xticks, axes.set_yticks):
        set_ticks(_deviate(np.array(TICKS)), [f"{100 * rate:g} %" for rate in TICKS])
    limits = (_deviate(np.array([LOWEST]))[0] - 0.1, _deviate(np.array([1 - LOWEST]))[0] + 0.1)
    title = f"Passive liveness, {len(scores.live)} live presentations"
    axes.set(xlim=limits, ylim=limits, xlabel="APCER: attacks accepted", ylabel="BPCER: live refused")
    axes.set_title(title)
    axes.grid(visible=True, alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, dpi=110, format="png")
    pyplot.close(figure)
    return path


def trade_off(live: Scores, attacks: Scores) -> tuple[Scores, Scores]:
    """Return APCER and BPCER at every threshold that tells any two scores apart."""
    thresholds = np.unique(np.concatenate([live, attacks, [np.inf]]))
    accepted = 1 - np.searchsorted(np.sort(attacks), thresholds) / len(attacks)
    refused = np.searchsorted(np.sort(live), thresholds) / len(live)
    return accepted, refused


def _deviate(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    normal = NormalDist()
    return np.array([normal.inv_cdf(float(rate)) for rate in np.clip(rates, LOWEST, 1 - LOWEST)])
