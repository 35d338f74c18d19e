"""Exact search inside PostgreSQL: the engine for more than one machine.

pgvector compares the probe with every stored template, one after the other; no index that guesses is
asked. Workers keep nothing of a collection in memory and start without reading it. pgvector adds up in
float32, in an order of its own, so those who may be among the nearest are compared again here, with the
same arithmetic as on SQLite: both engines give the same answer to the last digit.
"""

from collections.abc import Sequence

import numpy as np
from pgvector.sqlalchemy import VECTOR
from sqlalchemy import ColumnElement, Float, Row, Select, and_, func, not_, select, type_coerce
from sqlalchemy.orm import Session

from app.faces.search.interface import ANY_SIMILARITY
from app.faces.search.names import ids_named, names_of
from app.faces.search.quantised import exact_similarities
from app.faces.types import Hit, ProtectedTemplate, TemplateKind
from app.models import Collection, Face

# So many more than asked for are fetched, to be compared again; four times as many if they do not suffice.
_SPARE = 6
_GROWTH = 4


class PostgresqlSearch:
    """Holds nothing: one object or many, it makes no difference."""

    def search(
        self,
        session: Session,
        collection: Collection,
        probe: ProtectedTemplate,
        kind: TemplateKind,
        top: int = 2,
        *,
        threshold: float = ANY_SIMILARITY,
        exclude_external_id: str | None = None,
    ) -> list[Hit]:
        """Return the `top` most similar faces of the same kind: see `FaceSearch`."""
        compared = _of_kind(collection, kind)
        excluded = ids_named(session, collection, exclude_external_id)
        if excluded:
            compared = and_(compared, Face.id.not_in(excluded))
        found = [each for each in _nearest(session, compared, probe, top) if each[1] >= threshold]
        names = names_of(session, [face_id for face_id, _ in found])
        return [Hit(face_id, names.get(face_id, ()), similarity) for face_id, similarity in found]

    def count(self, session: Session, collection: Collection, kind: TemplateKind) -> int:
        """Return how many faces a search for this kind compares with."""
        return _count(session, _of_kind(collection, kind))

    def count_incomparable(self, session: Session, collection: Collection, kind: TemplateKind) -> int:
        """Return how many faces were made by other models, which no search for this kind can see."""
        others = and_(Face.collection_id == collection.id, not_(_of_kind(collection, kind)))
        return _count(session, others)


def _of_kind(collection: Collection, kind: TemplateKind) -> ColumnElement[bool]:
    return and_(
        Face.collection_id == collection.id,
        Face.recognition_model == kind.recognition_model,
        Face.landmarker == kind.landmarker,
    )


def _count(session: Session, which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Face).where(which)) or 0


def _nearest(
    session: Session, compared: ColumnElement[bool], probe: ProtectedTemplate, top: int
) -> list[tuple[str, float]]:
    limit = top + _SPARE
    while True:
        rows = session.execute(_roughly_nearest(compared, probe).limit(limit)).all()
        best = _compared_again(rows, probe)[:top]
        if len(rows) < limit or not best or rows[-1][2] + _error(probe) < best[-1][1]:
            return best
        limit *= _GROWTH


def _roughly_nearest(compared: ColumnElement[bool], probe: ProtectedTemplate) -> Select[str, bytes, float]:
    # pgvector's operator gives the negative inner product, so that the smallest is the nearest.
    distance = type_coerce(Face.protected_template, VECTOR).op("<#>", return_type=Float())(probe)
    return select(Face.id, Face.protected_template, -distance).where(compared).order_by(distance, Face.id)


def _compared_again(
    rows: Sequence[Row[str, bytes, float]], probe: ProtectedTemplate
) -> list[tuple[str, float]]:
    templates = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), len(probe))
    similarities = exact_similarities(templates, probe)
    again = [(row[0], float(value)) for row, value in zip(rows, similarities, strict=True)]
    return sorted(again, key=lambda each: (-each[1], each[0]))


def _error(probe: ProtectedTemplate) -> float:
    """Return how far off a float32 sum of so many products of unit vectors can be, in any order.

    n × 2⁻²⁴ × Σ|aᵢbᵢ| ≤ n × 2⁻²⁴ to first order (N. J. Higham, "Accuracy and Stability of Numerical
    Algorithms", §3.1), doubled to be on the safe side.
    """
    return len(probe) * 2.0**-23
