"""A collection as one transaction sees it: what everybody sees, and what it changed itself so far."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.faces.search.gallery import Candidate, Gallery
from app.faces.search.quantised import QuantisedProbe
from app.faces.types import TemplateKind


@dataclass(frozen=True, slots=True)
class View:
    """A gallery, except for some faces, and another one of those that the transaction wrote."""

    shared: Gallery
    own: Gallery | None = None
    hidden: Sequence[str] = ()

    def candidates(
        self, probe: QuantisedProbe, kind: TemplateKind, top: int, threshold: float, excluded: Sequence[str]
    ) -> Iterator[Candidate]:
        """Return every face that may be among the `top` nearest, the most promising first."""
        found = self.shared.candidates(probe, kind, top, threshold, [*self.hidden, *excluded])
        if self.own is None:
            return found
        own = self.own.candidates(probe, kind, top, threshold, excluded)
        return heapq.merge(found, own, key=lambda each: -each.highest)

    def count(self, kind: TemplateKind) -> int:
        """Return how many faces are comparable with templates of this kind."""
        own = 0 if self.own is None else self.own.count(kind)
        return self.shared.count(kind, self.hidden) + own

    def __len__(self) -> int:
        own = 0 if self.own is None else len(self.own)
        return len(self.shared) - self.shared.known(self.hidden) + own
