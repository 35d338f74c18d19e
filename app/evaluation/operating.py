"""Operating points of fused templates: what is measured on these people, and at the shipped thresholds."""

from app.evaluation.intervals import wilson
from app.evaluation.templates import TemplateScores
from app.faces.calibration import Calibration

FALSE_MATCH_RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


def templates_report(scores: TemplateScores, calibration: Calibration) -> dict[str, object]:
    """Return FNMR at round FMRs on these people, and both rates at the thresholds that are shipped."""
    return {
        "size": scores.sizes[0],
        "operatingPoints": [_point(scores, rate) for rate in FALSE_MATCH_RATES],
        "people": scores.people,
        "genuineComparisons": len(scores.genuine),
        "impostorComparisons": len(scores.impostor),
        "shippedThresholds": [_shipped(scores, calibration, rate) for rate in FALSE_MATCH_RATES],
    }


def _point(scores: TemplateScores, rate: float) -> dict[str, object]:
    return {"fmr": rate, "oneIn": round(1 / rate), **_rates_at(scores, scores.threshold_at(rate))}


def _shipped(scores: TemplateScores, calibration: Calibration, rate: float) -> dict[str, object]:
    threshold = calibration.threshold(*scores.sizes, rate)
    measured = scores.false_match_rate(threshold)
    return {"configuredFmr": rate, "oneIn": round(1 / rate), "fmr": measured, **_rates_at(scores, threshold)}


def _rates_at(scores: TemplateScores, threshold: float) -> dict[str, object]:
    # Comparisons of the same people are not independent: the intervals count people and pairs of people.
    fnmr, pairs = scores.false_non_match_rate(threshold), len(scores.pair_maxima)
    return {
        "fnmr": fnmr,
        "threshold": threshold,
        "fnmr95": wilson(fnmr * scores.matched_people, scores.matched_people),
        "fmr95": wilson(scores.false_match_rate(threshold) * pairs, pairs),
        "impostorPairsAbove": scores.pairs_above(threshold),
    }
