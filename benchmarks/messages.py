"""Server messages as Vapi sends them, signed, for the calls of a table."""

from __future__ import annotations

import hmac
import json
import random
import time
import uuid
from collections.abc import Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.tables import make_calls
from routing.engine.context import Channel

SECRET = "for-benchmarks-only"
OUR_NUMBER = "+12025550111"
CAPTURE = Path(__file__).parent.parent / "tests" / "payloads" / "ar01_twilio_pstn_full_2024.json"
PATH = "/vapi/webhook"


def make_requests(rules: int, size: int) -> Iterator[bytes]:
    """Make the bodies of so many questions who takes a call, each of a call of its own, in the size of a real one."""
    draw = random.Random(2)
    message: dict[str, Any] = json.loads(CAPTURE.read_text())["message"]
    inbound = [call for call in make_calls(rules) if call.channel is Channel.INBOUND]
    for call in islice(cycle(inbound), size):
        stranger = f"+1305{draw.randrange(2_000_000, 9_999_999)}"
        customer = {"number": stranger if (call.customer or "+1305").startswith("+1305") else call.customer}
        message["call"] |= {"id": str(uuid.UUID(int=draw.getrandbits(128), version=4)), "customer": customer}
        message["phoneNumber"]["number"] = call.our_number or OUR_NUMBER
        message["customer"] = customer
        yield json.dumps({"message": message}, separators=(",", ":")).encode()


def make_reports(size: int, length: int) -> Iterator[bytes]:
    """Make the bodies of reports at the end of calls, each so many bytes long."""
    draw = random.Random(3)
    turns = [{"role": "bot", "message": "We are open from nine to five on every day of the week.", "time": 1.5}] * 2000
    report: dict[str, Any] = {"type": "end-of-call-report", "endedReason": "customer-ended-call", "cost": 0.0123}
    report["artifact"] = {"messages": turns[: (length - 300) * 2000 // len(json.dumps(turns))]}
    for _ in range(size):
        report["call"] = {"id": str(uuid.UUID(int=draw.getrandbits(128), version=4))}
        yield json.dumps({"message": report}).encode()


def sign(body: bytes) -> tuple[str, str]:
    """Return timestamp and signature of a body, as Vapi's plan for HMAC has them by default."""
    timestamp = str(int(time.time()))
    return timestamp, hmac.digest(SECRET.encode(), f"{timestamp}.".encode() + body, "sha256").hex()


def write_lines(path: Path, bodies: Iterable[bytes]) -> None:
    """Write signed messages for `http/send.lua`."""
    with path.open("wb") as file:
        for body in bodies:
            timestamp, signature = sign(body)
            file.write(b"%s\t%s\t%s\n" % (timestamp.encode(), signature.encode(), body))


def write_request(body: bytes) -> bytes:
    """Return a signed message as it goes over the wire."""
    timestamp, signature = sign(body)
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-Vapi-Secret: {SECRET}\r\nX-Timestamp: {timestamp}\r\nX-Signature: {signature}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
