"""What a fault test measured: printed, and kept for README's table where FAULTS_REPORT names a file."""

from __future__ import annotations

import json
import os


def report(promise: str, figure: str) -> None:
    """Tell a figure; the test is the one that runs."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
    print(f"\n{promise}: {figure}")  # noqa: T201 - whoever runs the test wants to see it
    if path := os.environ.get("FAULTS_REPORT"):
        line = json.dumps({"promise": promise, "test": test, "figure": figure})
        with open(path, "a", encoding="utf-8") as file:
            file.write(line + "\n")
