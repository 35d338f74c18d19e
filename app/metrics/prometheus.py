"""The numbers as Prometheus reads them: computed from the database, the same whichever process is asked."""

import math
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.metrics.reading import all_time, open_sessions
from app.metrics.scales import DURATION
from app.models import AuditHead, Face, WebhookDelivery, WorkerHeartbeat
from app.version import __version__
from app.vocabulary import SessionState

# Seconds; a visit takes about ten, and a session lives ten minutes.
DURATION_LIMITS = (5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)

_Counts = Mapping[str, Mapping[str, int]]
"""Verification → name → count."""


def metrics_text(db: Session, now: float) -> bytes:
    """Return all metrics in the text format, version 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_FromDatabase(db, now))
    return generate_latest(registry)


class _FromDatabase(Collector):
    """Gives what is true at one moment."""

    def __init__(self, db: Session, now: float) -> None:
        self._db, self._now = db, now

    def collect(self) -> Iterator[Metric]:
        """Yield every metric once."""
        counts = all_time(self._db)
        build = GaugeMetricFamily("visavis_build_info", "Release of the service.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        yield _counter(counts, "state", "visavis_sessions", "Concluded sessions by how they ended.")
        yield _counter(counts, "reason", "visavis_session_reasons", "Concluded sessions by reason.")
        yield _counter(counts, "step", "visavis_session_steps", "Concluded sessions by step reached.")
        yield _durations(counts)
        yield from self._gauges()

    def _gauges(self) -> Iterator[Metric]:
        now_open = open_sessions(self._db)
        states = {state.value: now_open.get(state, 0) for state in SessionState if state.is_open}
        yield _gauge("visavis_sessions_open", "Sessions under way, by state.", "state", states)
        deliveries = dict.fromkeys(("pending", "dead"), 0) | self._deliveries()
        yield _gauge("visavis_webhook_deliveries", "Webhooks on their way or given up.", "state", deliveries)
        faces = self._db.scalar(select(func.count()).select_from(Face)) or 0
        yield GaugeMetricFamily("visavis_faces", "Enrolled faces, blocked ones included.", faces)
        seen = self._db.scalar(select(func.max(WorkerHeartbeat.seen_at)))
        silence = self._now - seen if seen is not None else math.inf
        yield GaugeMetricFamily(
            "visavis_worker_silence_seconds", "Time since a worker was last seen; +Inf = never.", silence
        )
        entries = self._db.scalar(select(func.max(AuditHead.number))) or 0
        yield CounterMetricFamily("visavis_audit_entries", "Entries of the audit log.", entries)

    def _deliveries(self) -> dict[str, int]:
        query = (
            select(WebhookDelivery.state, func.count())
            .where(WebhookDelivery.state.in_(["pending", "dead"]))
            .group_by(WebhookDelivery.state)
        )
        return {state: count for state, count in self._db.execute(query)}


def _counter(counts: _Counts, kind: str, name: str, text: str) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=["verification", kind])
    for verification, each in sorted(counts.items()):
        for key, count in sorted(each.items()):
            if key.startswith(f"{kind}:"):
                family.add_metric([verification, key.removeprefix(f"{kind}:")], count)
    return family


def _gauge(name: str, text: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, count in sorted(values.items()):
        family.add_metric([key], count)
    return family


def _durations(counts: _Counts) -> HistogramMetricFamily:
    family = HistogramMetricFamily(
        "visavis_session_duration_seconds",
        "From opening the link to the decision; sorted with a precision of 7 %.",
        labels=["verification"],
    )
    for verification, each in sorted(counts.items()):
        bars = {int(key.partition(":")[2]): n for key, n in each.items() if key.startswith("duration:")}
        middles = {math.sqrt(DURATION.edge(bar) * DURATION.edge(bar + 1)): n for bar, n in bars.items()}
        buckets = [
            (str(limit), sum(n for seconds, n in middles.items() if seconds <= limit))
            for limit in DURATION_LIMITS
        ]
        total = sum(middles.values())
        seconds = sum(each_seconds * n for each_seconds, n in middles.items())
        family.add_metric([verification], [*buckets, ("+Inf", total)], sum_value=seconds)
    return family
