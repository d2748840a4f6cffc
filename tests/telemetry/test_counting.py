"""Counts in memory: exact under threads, bounded whatever the labels."""

import os
from collections.abc import Iterator
from threading import Thread

import pytest

from routing.telemetry.counting import MOST_SERIES, Counters, count, forget_counts, report_counts
from routing.telemetry.families import DECISIONS, FAMILIES, RECORDS_LOST, WEBHOOK_SECONDS


@pytest.fixture(autouse=True)
def new_counts() -> Iterator[None]:
    forget_counts()
    yield
    forget_counts()


def test_threads_lose_no_count() -> None:
    counters = Counters()

    def count_often() -> None:
        for _ in range(5_000):
            counters.count(DECISIONS, "inbound", "DEFAULT", "false")

    threads = [Thread(target=count_often) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counters.report().counts == {("switchboard_decisions", "inbound", "DEFAULT", "false"): 20_000}


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [(0.0, 0), (0.0005, 0), (0.00051, 1), (7.5, -2), (7.6, -1), (900.0, -1)],
)
def test_a_duration_falls_into_the_bucket_that_ends_at_or_above_it(seconds: float, bucket: int) -> None:
    counters = Counters()

    counters.observe(WEBHOOK_SECONDS, seconds, "assistant-request")

    (timings,) = counters.report().timings.values()
    assert timings.buckets[bucket] == sum(timings.buckets) == 1
    assert timings.total == seconds


def test_labels_out_of_bounds_fill_no_memory() -> None:
    counters = Counters()

    for number in range(MOST_SERIES + 500):
        counters.count(DECISIONS, str(number), "DEFAULT", "false")
        counters.observe(WEBHOOK_SECONDS, 0.1, str(number))

    report = counters.report()
    assert len(report.counts) == len(report.timings) == MOST_SERIES + 1
    assert report.counts["switchboard_decisions", "other", "other", "other"] == 500


def test_a_report_is_a_copy() -> None:
    counters = Counters()
    counters.observe(WEBHOOK_SECONDS, 0.1, "other")

    before = counters.report()
    counters.observe(WEBHOOK_SECONDS, 0.1, "other")

    assert [sum(timings.buckets) for timings in before.timings.values()] == [1]


def test_a_forked_child_counts_from_zero() -> None:
    count(RECORDS_LOST)

    child = os.fork()
    if child == 0:
        os._exit(0 if report_counts().counts == {} else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert report_counts().counts == {("switchboard_records_lost",): 1}


def test_families_have_names_and_buckets_of_their_own_in_order() -> None:
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    assert all(family.help.endswith(".") for family in FAMILIES)
    assert all(list(family.buckets) == sorted(set(family.buckets)) for family in FAMILIES)
