"""Counts and gauges in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from routing.status.disk import Disk
from routing.status.gauges import DATABASE_UP, EMERGENCY_INBOUND, MEMORY, OUTBOUND_PAUSED, REVISION, STALE
from routing.telemetry.families import FAMILIES, Family
from routing.telemetry.files import Collected
from routing.telemetry.report import Report, Timings

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

BY_PROCESS = {
    REVISION: "Number of the revision that the process decides with; 0 before anything was published.",
    STALE: "1 if the process decides with the local copy of the table.",
    DATABASE_UP: "1 if the process could read the database a moment ago.",
    MEMORY: "Memory that the process holds.",
}
OF_ALL = {
    EMERGENCY_INBOUND: "1 while an emergency switch takes inbound calls.",
    OUTBOUND_PAUSED: "1 while an emergency switch pauses outbound calls.",
}


class Exposition:
    """Everything there is to tell, in the shape that prometheus_client renders."""

    def __init__(self, collected: Collected, disk: Disk) -> None:
        """Take the counts of all processes, and what stands on the disk."""
        self._collected = collected
        self._disk = disk

    def collect(self) -> Iterator[Metric]:
        """Yield one metric after the other."""
        sums = self._collected.sums()
        for family in FAMILIES:
            yield _histogram(family, sums) if family.buckets else _counter(family, sums)
        for name, words in BY_PROCESS.items():
            yield self._by_process(name, words)
        for name, words in OF_ALL.items():
            values = (report.gauges.get((name,), 0.0) for report in self._collected.living.values())
            yield GaugeMetricFamily(name, words, value=max(values, default=0.0))
        yield from self._on_this_machine()

    def _by_process(self, name: str, words: str) -> Metric:
        metric = GaugeMetricFamily(name, words, labels=["process"])
        for process, report in self._collected.living.items():
            if (name,) in report.gauges:
                metric.add_metric([process], report.gauges[name,])
        return metric

    def _on_this_machine(self) -> Iterator[Metric]:
        spool = self._disk.spool
        gauges = (
            ("switchboard_sandbox", "1 if calls go to the sandbox and nobody is called.", not settings.VAPI_API_KEY),
            ("switchboard_data_dir_writable", "1 if the data directory can be written.", not self._disk.fault),
            ("switchboard_spool_records", "Call records that are not in the database yet.", spool.records),
            ("switchboard_spool_bytes", "Their size on the local disk.", spool.size),
            ("switchboard_spool_oldest_seconds", "Age of the oldest of them.", spool.oldest_seconds),
            ("switchboard_spool_rejected_records", "Records in spool/rejected.jsonl.", spool.rejected),
        )
        for name, words, value in gauges:
            yield GaugeMetricFamily(name, words, value=float(value))


def render_metrics(collected: Collected, disk: Disk) -> bytes:
    """Return the text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Exposition(collected, disk))
    return generate_latest(registry)


def _counter(family: Family, sums: Report) -> Metric:
    """Return a family's counts. One without labels stands there from the start, so that its first rise is seen."""
    metric = CounterMetricFamily(family.name, family.help, labels=family.labels)
    if not family.labels:
        metric.add_metric([], sums.counts.get((family.name,), 0))
        return metric
    for (name, *labels), value in sums.counts.items():
        if name == family.name and len(labels) == len(family.labels):
            metric.add_metric(labels, value)
    return metric


def _histogram(family: Family, sums: Report) -> Metric:
    metric = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    for (name, *labels), timings in sums.timings.items():
        is_ours = name == family.name and len(labels) == len(family.labels)
        if is_ours and len(timings.buckets) == len(family.buckets) + 1:
            metric.add_metric(labels, buckets=_cumulate(family, timings), sum_value=timings.total)
    return metric


def _cumulate(family: Family, timings: Timings) -> list[tuple[str, float]]:
    bounds = [*map(str, family.buckets), "+Inf"]
    return [(bound, float(sum(timings.buckets[: place + 1]))) for place, bound in enumerate(bounds)]
