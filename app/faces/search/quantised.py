r"""Templates in 8 bits a number, and a proven bound on what that does to a similarity.

A row x is kept as x̂ = step · code with one step a row and whole codes −127…127, together with the length
e of what is missing, |x − x̂|, measured and not assumed. A probe p is written as p̂ = unit · (128 · a + b)
with two rows of whole digits a, b. The product of codes and digits is computed in integers, so

    x̂ · p̂ = step · unit · (128 · code · a + code · b)            is exact but for the last float32 roundings,

and by the triangle inequality and Cauchy–Schwarz the true similarity lies within

    |x · p − x̂ · p̂| ≤ |(x − x̂) · p| + |x̂ · (p − p̂)| ≤ e · |p| + |x̂| · |p − p̂|.

Every face whose upper end reaches the lower end of the k-th best one is compared again with the stored
float32 template; no other face can be among the k best. The search is therefore exact: the codes decide
how many are compared again, never which face is found. Random directions of 128 numbers have e ≈ 0.006.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.faces.types import ProtectedTemplate
from app.inference.integer_products import DIGIT_ZERO, LARGEST_CODE, LARGEST_DIGIT, IntegerProducts

# What the second row of digits is worth less than the first: the remainder of a rounding lies within
# half a digit, and 64 digits of 1/128 are just that.
_BASE = 2 * LARGEST_DIGIT
# float32 rounds a result by at most u = 2⁻²⁴ ≈ 6e-8 of it. A similarity takes fewer than eight roundings of
# numbers up to 1.2, each remainder two of numbers up to |x|: together less than 1e-6. Twice that is allowed.
_ROUNDING = 2e-6
# Adding up d squares is off by less than d · u / 2 of e: 3e-5 for 1024 dimensions.
_SUMMATION = np.float32(1 + 1e-4)
# |x̂| ≤ |x| + e, and e ≤ √d · |x| / (2 · 127): 1.01 · 1.126 for 1024 dimensions.
_LONGEST_ROW = 1.2
_LONGEST_TEMPLATE = 1.01


@dataclass(frozen=True, slots=True, eq=False)
class QuantisedRows:
    """Rows as the index keeps them."""

    codes: NDArray[np.int8]
    """(n, d); −127…127."""
    steps: NDArray[np.float32]
    """(n,); what one code is worth."""
    errors: NDArray[np.float32]
    """(n,); Euclidean length of what the codes leave out."""


@dataclass(frozen=True, slots=True, eq=False)
class QuantisedProbe:
    """A probe as the index multiplies it."""

    digits: NDArray[np.uint8]
    """(2, d); −64…64, plus 64."""
    unit: float
    """What one digit of the second row is worth; one of the first is worth 128 times as much."""
    length: float
    """Euclidean length of the probe itself."""
    slack: float
    """What the probe's own digits and float32 add to a similarity's error, for rows of length 1."""


def quantise_rows(templates: NDArray[np.float32]) -> QuantisedRows:
    """Return (n, d) templates in 8 bits; `ValueError` when one is longer than 1.01 or not finite."""
    largest = np.abs(templates).max(axis=1)
    steps = np.maximum(largest, np.finfo(np.float32).tiny * LARGEST_CODE) / np.float32(LARGEST_CODE)
    codes = templates * (1 / steps)[:, None]
    np.rint(codes, out=codes)
    remainder = templates - codes * steps[:, None]
    errors = _lengths(remainder)
    if not (_lengths(templates) <= _LONGEST_TEMPLATE).all():  # nor when there is a NaN
        raise ValueError("a stored template is longer than 1 or not a number")
    return QuantisedRows(codes.astype(np.int8), steps, errors * _SUMMATION)


def quantise_probe(probe: ProtectedTemplate) -> QuantisedProbe:
    """Return a (d,) probe in two rows of digits; its own error is 1/128 of a row's."""
    exact = probe.astype(np.float64)
    unit = float(np.abs(exact).max() or 1.0) / LARGEST_DIGIT / _BASE
    coarse = np.rint(exact / (unit * _BASE))
    fine = np.clip(np.rint(exact / unit - coarse * _BASE), -LARGEST_DIGIT, LARGEST_DIGIT)
    error = float(np.linalg.norm(exact - (coarse * _BASE + fine) * unit))
    return QuantisedProbe(
        (np.stack([coarse, fine]) + DIGIT_ZERO).astype(np.uint8),
        unit,
        float(np.linalg.norm(exact)),
        _LONGEST_ROW * error + _ROUNDING,
    )


def approximate_similarities(
    products: IntegerProducts,
    codes: NDArray[np.int8],
    steps: NDArray[np.float32],
    probe: QuantisedProbe,
    out: NDArray[np.float32],
) -> None:
    """Write x̂ · p̂ of (blocks, d, columns) codes, whose (blocks · columns,) steps these are."""
    digits = products.multiply(probe.digits, codes)
    # Up to 8256 · 127 · d: fits for the 1024 dimensions that the bounds are made for.
    both = digits[:, 0] * np.int32(_BASE)
    both += digits[:, 1]
    out[:] = both.reshape(-1)
    out *= steps
    out *= np.float32(probe.unit)


def exact_similarities(templates: NDArray[np.float32], probe: ProtectedTemplate) -> NDArray[np.float64]:
    """Return the cosines of (n, d) templates, in double precision and the same for equal rows anywhere."""
    products = templates.astype(np.float64) * probe.astype(np.float64)
    similarities: NDArray[np.float64] = np.clip(products.sum(axis=1), -1.0, 1.0)
    return similarities


def _lengths(templates: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths: NDArray[np.float32] = np.sqrt(np.einsum("ij,ij->i", templates, templates))
    return lengths
