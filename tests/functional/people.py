"""The cast: heads of real photos, made once."""

from app.inference.engine import OpenPackEngine
from app.sandbox.head import Head
from tests.simulator.faces import head


class Cast:
    """Alice, Bob and Carol; each is built when somebody asks for them."""

    def __init__(self, engine: OpenPackEngine) -> None:
        self._engine = engine

    @property
    def alice(self) -> Head:
        return head("astronaut", self._engine)

    @property
    def bob(self) -> Head:
        return head("obama", self._engine)

    @property
    def carol(self) -> Head:
        return head("biden", self._engine)
