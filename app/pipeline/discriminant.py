"""A linear discriminant: a weighted sum of named measurements, fitted once on labelled examples."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LinearDiscriminant:
    """Fisher's linear discriminant; above 0 = more like the first class than like the second.

    Which score decides is the policy's, with its error rate.
    """

    features: tuple[str, ...]
    weights: Values
    """(len(features),) score per unit of each feature."""
    bias: float

    def part(self, values: Values, begin: int = 0) -> float:
        """Return what features `begin` and following with these values add to the score."""
        return float(values @ self.weights[begin : begin + len(values)])

    @classmethod
    def fit(cls, features: tuple[str, ...], first: Values, second: Values, shrinkage: float) -> Self:
        """Fit to examples (n, features) of both classes.

        `shrinkage` is added to the variances, as a share of them, so that features that hardly differ from a
        combination of others get no huge weights. R. A. Fisher, "The use of multiple measurements in
        taxonomic problems" (1936).
        """
        both = np.vstack([first, second])
        scale = both.std(axis=0) + 1e-9
        first, second = first / scale, second / scale
        spread = (np.cov(first.T) + np.cov(second.T)) / 2
        spread += shrinkage * np.diag(np.diag(spread))
        means = first.mean(axis=0), second.mean(axis=0)
        weights = np.linalg.solve(spread, means[0] - means[1])
        bias = -float(weights @ (means[0] + means[1])) / 2
        return cls(features, weights / scale, bias)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `from_json`."""
        pairs = zip(self.features, self.weights.tolist(), strict=True)
        return {"bias": round(self.bias, 5), "weights": {name: round(weight, 5) for name, weight in pairs}}

    @classmethod
    def from_json(cls, document: dict[str, Any], features: tuple[str, ...]) -> Self:
        """Read what `to_json` made; `KeyError` or `ValueError` when a feature is missing or unknown."""
        weights = document["weights"]
        if set(weights) != set(features):
            raise ValueError("the discriminant was fitted to other features")
        return cls(features, np.array([weights[name] for name in features]), float(document["bias"]))


def read_discriminants(path: Path, features: tuple[str, ...]) -> dict[str, LinearDiscriminant]:
    """Read the discriminants of a file by their names."""
    document = json.loads(path.read_text(encoding="utf-8"))
    found = document["discriminants"]
    return {name: LinearDiscriminant.from_json(entry, features) for name, entry in found.items()}
