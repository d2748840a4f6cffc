"""What a fault test measured: printed, and kept for README's table where FAULTS_REPORT names a file."""

from __future__ import annotations

import json
import os
from enum import StrEnum


class Promise(StrEnum):
    """What holds whatever happens, in the words of README's table."""

    DATABASE_FAILS = "Callers notice nothing when the database fails; no call is lost or stored twice"
    KILLED = "No answered call is lost or stored twice when processes are killed"
    BAD_START = "The server starts without its database, and answers"
    DATA_FOLDER = "Callers notice nothing of a broken data directory; what cannot be recorded is counted"
    PUBLISHED = "What is published decides in every process within a second, and never half of it"
    CLOCK = "A clock that is set back stalls nothing"
    RESTART = "A restart or a stop fails no call"
    VAPI_FAILS = "Whatever Vapi does, inbound calls stay quick and nobody is called twice"
    PLACED_ONCE = "A call is placed once, however often it is asked for and whenever the server dies"
    TWO_INSTALLATIONS = "Two installations on one PostgreSQL act as one"
    HOURS = "Opening hours agree with plain arithmetic"
    STATUS = "Metrics and readiness tell the truth about all processes, and wait for nothing"


def report(promise: Promise, case: str, figure: str) -> None:
    """Tell a figure; the test is the one that runs."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    print(f"\n{promise}. {case}: {figure}")  # noqa: T201 - whoever runs the test wants to see it
    if path := os.environ.get("FAULTS_REPORT"):
        line = json.dumps({"promise": promise, "test": test, "figure": f"{case}: {figure}"})
        with open(path, "a", encoding="utf-8") as file:
            file.write(line + "\n")
