"""Tuned states in the knowledge base: what judged requests changed of a pipeline."""

import base64
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from toolshed.knowledge_base.engine import Point
from toolshed.knowledge_base.store import Channel, Layout, Store
from toolshed.vectors import Vectors

_NAMESPACE = uuid.UUID("4b0f7f0e-5a0a-5d0e-8c57-0e5f6f1d2a90")
_SAME = (0.0, 1.0)

TUNED_LAYOUT = Layout(
    name="tuned",
    noun="tuned state",
    key="pipeline",
    # Engines keep points by their vectors; nothing is searched here.
    channels=(Channel("static", "dense", "static"),),
    indexes={},
    version=1,
)


@dataclass(frozen=True, slots=True)
class TunedState:
    """What judged requests changed of a named pipeline, for one knowledge base.

    Attributes:
        pipeline: The pipeline.
        shipped: Digest of what was shipped when it was tuned; to anything else it is not added.
        weights: What is added to the weights of the ranking, by feature.
        head: What is added to the head of requests, float32 ``[dimension, dimension]``; None for nothing.
        tool: Intercept and slope that the log odds of a tool's confidence are moved by.
        request: The same for the chance that any of the first five is right.
    """

    pipeline: str
    shipped: str
    weights: Mapping[str, float] = field(default_factory=dict)
    head: Vectors | None = None
    tool: tuple[float, float] = _SAME
    request: tuple[float, float] = _SAME

    @property
    def changes(self) -> list[str]:
        """What it changes: of ``weights``, ``head`` and ``confidence``."""
        changed = {
            "weights": bool(self.weights),
            "head": self.head is not None,
            "confidence": (self.tool, self.request) != (_SAME, _SAME),
        }
        return [name for name, is_changed in changed.items() if is_changed]


class TunedStore(Store[TunedState]):
    """The tuned states of a knowledge base, one a pipeline."""

    layout = TUNED_LAYOUT

    @staticmethod
    def point_id(key: str) -> str:
        """The UUID of the state of a pipeline: writing it twice writes it once."""
        return str(uuid.uuid5(_NAMESPACE, key))

    def _point(self, record: TunedState) -> Point:
        # Half precision, as what ships; the map is small against the identity that it is added to.
        head = b"" if record.head is None else record.head.astype("<f2").tobytes()
        payload = {
            "pipeline": record.pipeline,
            "shipped": record.shipped,
            # One string: engines change JSON numbers.
            "numbers": json.dumps([dict(record.weights), record.tool, record.request]),
            "head": base64.b64encode(head).decode(),
        }
        vector = np.zeros(self.manifest.static_dimension, np.float32)
        vector[0] = 1.0
        return Point(self.point_id(record.pipeline), payload, {"static": vector})

    def scan(self) -> Iterator[TunedState]:
        """Every state."""
        for point in self._engine.scroll(vectors=True):
            payload = self._verified(point).payload
            weights, tool, request = json.loads(payload["numbers"])
            head = np.frombuffer(base64.b64decode(payload["head"]), "<f2").astype(np.float32)
            side = int(np.sqrt(len(head)))
            yield TunedState(
                payload["pipeline"],
                payload["shipped"],
                weights,
                head.reshape(side, side) if side else None,
                tuple(tool),
                tuple(request),
            )
