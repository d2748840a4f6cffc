"""Who may read /metrics, and what stands in it."""

from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from routing.recorder.depth import Depth
from routing.status.disk import Disk, forget_disk
from routing.status.exposition import render_metrics
from routing.telemetry.counting import MOST_SERIES
from routing.telemetry.families import FAMILIES
from routing.telemetry.files import Collected
from routing.telemetry.report import Report, Timings
from tests.status.servers import read_series

TOKEN = "t0ken-of-prometheus"
PROXIED = {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}


@pytest.fixture(autouse=True)
def own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.ROUTING_DATA_DIR = tmp_path
    forget_disk()


def ask(path: str = "/metrics", **environ: str) -> HttpResponse:
    answer: Any = Client().get(path, **environ)  # type: ignore[arg-type]
    assert isinstance(answer, HttpResponse)
    return answer


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("token", "environ", "status"),
    [
        ("", {}, 200),
        ("", {"REMOTE_ADDR": "::1"}, 200),
        ("", {"REMOTE_ADDR": "10.0.0.7"}, 403),
        ("", {"REMOTE_ADDR": "203.0.113.9"}, 403),
        ("", {"REMOTE_ADDR": ""}, 403),
        ("", PROXIED, 403),
        ("", {"HTTP_FORWARDED": "for=127.0.0.1"}, 403),
        ("", {"HTTP_X_REAL_IP": "127.0.0.1"}, 403),
        ("", {"HTTP_HOST": "evil.example"}, 400),
        (TOKEN, {}, 401),
        (TOKEN, {"HTTP_AUTHORIZATION": TOKEN}, 401),
        (TOKEN, {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}x"}, 401),
        (TOKEN, {"HTTP_AUTHORIZATION": "Bearer "}, 401),
        (TOKEN, {"HTTP_AUTHORIZATION": "Bearer t\u00f6ken"}, 401),
        (TOKEN, {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}, 200),
        (TOKEN, {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}", "REMOTE_ADDR": "203.0.113.9", **PROXIED}, 200),
        (TOKEN, {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}", "HTTP_HOST": "10.0.0.3:8000"}, 200),
    ],
)
def test_who_may_read(token: str, environ: dict[str, str], status: int, settings: Settings) -> None:
    settings.METRICS_TOKEN = token

    answer = ask(**environ)

    assert answer.status_code == status
    assert (b"switchboard_sandbox 1.0" in answer.content) is (status == 200)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_answered_under_any_name(path: str) -> None:
    assert ask(path, HTTP_HOST="10.0.0.3:8000").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_only_look(path: str) -> None:
    assert Client().post(path).status_code == 405


@pytest.mark.django_db
def test_requests_are_counted_by_address_without_ids() -> None:
    Client().get("/api/v1/calls/12025550155")
    Client().generic("PROPFIND", "/nowhere/12025550155")

    series = read_series(ask().content.decode())

    name = "switchboard_http_requests_total"
    assert series[name, (("endpoint", "/api/v1/calls/{id}"), ("method", "GET"), ("status", "401"))] >= 1
    assert series[name, (("endpoint", "other"), ("method", "other"), ("status", "404"))] >= 1


def test_every_family_is_rendered_and_parsed() -> None:
    report = Report(gauges={("switchboard_revision",): 7.0, ("switchboard_emergency_inbound",): 1.0})
    for family in FAMILIES:
        key = (family.name, *[f'odd "\\\n{label}' for label in family.labels])
        if family.buckets:
            report.timings[key] = Timings([1] * (len(family.buckets) + 1), 9.5)
        else:
            report.counts[key] = 3
    quiet = Report(gauges={("switchboard_revision",): 6.0, ("switchboard_emergency_inbound",): 0.0})
    disk = Disk(spool=Depth(records=5, size=900, oldest_seconds=2.5, rejected=1), fault="")

    series = read_series(render_metrics(Collected(living={"11": report, "12": quiet}), disk).decode())

    found = {name for name, _ in series}
    for family in FAMILIES:
        assert (f"{family.name}_bucket" if family.buckets else f"{family.name}_total") in found
        buckets = [v for (name, _), v in series.items() if name == f"{family.name}_bucket"]
        assert buckets == [float(place + 1) for place in range(len(buckets))]  # cumulative, as the format wants
    assert series["switchboard_revision", (("process", "11"),)] == 7
    assert series["switchboard_revision", (("process", "12"),)] == 6
    assert series["switchboard_emergency_inbound", ()] == 1
    assert series["switchboard_spool_records", ()] == 5
    assert len(series) < MOST_SERIES


def test_counts_of_another_version_are_left_out() -> None:
    strange = Report(
        counts={("switchboard_gone",): 3, ("switchboard_decisions", "inbound"): 2},
        timings={("switchboard_webhook_seconds", "other"): Timings([1, 2], 0.5)},
    )
    disk = Disk(spool=Depth(records=0, size=0, oldest_seconds=0, rejected=0), fault="No space left on device")

    series = read_series(render_metrics(Collected(dead=strange), disk).decode())

    assert not [name for name, _ in series if name.startswith(("switchboard_gone", "switchboard_decisions"))]
    assert not [name for name, _ in series if name.startswith("switchboard_webhook_seconds")]
    assert series["switchboard_data_dir_writable", ()] == 0
