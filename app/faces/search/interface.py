"""What every search engine offers; decisions know nothing else of them."""

from typing import Protocol

from sqlalchemy.orm import Session

from app.faces.types import Hit, ProtectedTemplate, TemplateKind
from app.models import Collection

# Below every cosine similarity: no threshold.
ANY_SIMILARITY = -1.0


class FaceSearch(Protocol):
    """Exact search: the answer is the one that comparing with every stored face would give.

    One object serves all threads of a process. Every call sees the faces as the session's transaction
    sees them, its own uncommitted changes included, and leaves nothing of them behind when it is rolled
    back. Hold `lock_collection` where a decision depends on the answer.
    """

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
        """Return the `top` most similar faces of the same kind whose similarity reaches `threshold`.

        Best first; of equally similar ones the lower id first. `probe` has the collection's dimensions.
        `exclude_external_id` leaves out the face that this id names.
        """
        ...

    def count(self, session: Session, collection: Collection, kind: TemplateKind) -> int:
        """Return how many faces a search for this kind compares with."""
        ...

    def count_incomparable(self, session: Session, collection: Collection, kind: TemplateKind) -> int:
        """Return how many faces were made by other models, which no search for this kind can see."""
        ...
