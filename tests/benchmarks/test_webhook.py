"""The pieces of the webhook's benchmark still run: messages, servers, and the drivers that need no installation."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest

from benchmarks import latency, messages, servers
from benchmarks.webhook_world import world


@pytest.mark.django_db(transaction=True)
def test_messages_are_answered_by_the_server_that_is_measured() -> None:
    bodies = list(messages.make_requests(10, 6))
    with world(10) as (_, settings):
        port = servers.free_port()
        with servers.running(servers.granian("config.wsgi:application", port), port, settings) as server:
            waited = latency.ask_steadily(port, bodies[:4], rate=100)
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            answer = json.loads(latency.send(line, bodies[4]))
            noted = latency.send(line, next(messages.make_reports(1, 5_000)))
            line.close()

            assert server.worked() > 0

    assert len(waited) == 4
    assert answer == {"assistantId": "t"}
    assert noted == b"{}"


def test_each_message_is_of_another_call() -> None:
    bodies = list(messages.make_requests(100, 500))

    assert len({json.loads(body)["message"]["call"]["id"] for body in bodies}) == len(bodies)


def test_reports_are_as_long_as_they_should_be() -> None:
    (body,) = messages.make_reports(1, 50_000)

    assert 45_000 < len(body) < 52_000


def test_what_wrk_reads_holds_time_signature_and_body(tmp_path: Path) -> None:
    messages.write_lines(tmp_path / "lines", [b'{"a": 1}'])

    timestamp, signature, body = (tmp_path / "lines").read_text().split("\t")

    assert (len(timestamp), len(signature), body) == (10, 64, '{"a": 1}\n')
