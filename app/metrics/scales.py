"""How measured values become bars: each kind of value has its own scale."""

import math
from dataclasses import dataclass

from app.vocabulary import Evidence


@dataclass(frozen=True, slots=True)
class Scale:
    """Equal steps on a straight or a logarithmic axis."""

    step: float
    logarithmic: bool = False
    """True: `step` is one of the decimal logarithm."""
    least: float = 1e-4
    """On a logarithmic axis: smaller values, 0 included, count as this."""
    nothing: float | None = None
    """A value that means "nobody there", which is not counted."""

    def bar(self, value: float) -> int:
        """Return the number of the bar that a value belongs to."""
        place = math.log10(max(value, self.least)) if self.logarithmic else value
        # Half a thousandth of a step: 0.3 / 0.02 is 14.999…, and belongs to bar 15.
        return math.floor(place / self.step + 5e-4)

    def edge(self, bar: int) -> float:
        """Return the value at which a bar begins."""
        place = bar * self.step
        return 10.0**place if self.logarithmic else round(place, 6)


_SHARE = Scale(0.02)
_LIKENESS = Scale(0.01, nothing=-1.0)

SCALE_OF_EVIDENCE: dict[Evidence, Scale] = {
    Evidence.FACE_PRESENCE: _SHARE,
    Evidence.IMAGE_QUALITY: _SHARE,
    Evidence.PRESENTATION_ATTACK: _SHARE,
    Evidence.HEAD_MOVEMENT: _SHARE,
    Evidence.SOLID_HEAD: Scale(1.0),
    # A p-value: what decides lies at a ten-thousandth.
    Evidence.LIGHT_REFLECTION: Scale(0.1, logarithmic=True),
    Evidence.CONTINUITY: Scale(0.01),
    Evidence.CAPTURE_INTEGRITY: _SHARE,
    Evidence.FACE_COMPARISON: _LIKENESS,
    Evidence.BLOCK_LIST: _LIKENESS,
    Evidence.AGE: Scale(1.0),
    Evidence.GENDER: _SHARE,
}

# Ten bars a doubling, about 7 % each: a percentile, which is the middle of one, is at most 4 % off.
DURATION = Scale(math.log10(2) / 10, logarithmic=True, least=0.1)
