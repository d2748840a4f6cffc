"""Our own API description, held against the server: no fault of ours, and no answer that it does not name."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.clients.conftest import SDK_PYTHON
from tests.clients.server import serving

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,response_headers_conformance"
)
PHASES = "examples,coverage,fuzzing,stateful"


def test_the_server_keeps_to_its_description(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        fuzzer = [str(Path(SDK_PYTHON).parent / "st"), "run", f"{served.url}/api/schema", "--url", served.url]
        options = ["--checks", CHECKS, "--max-examples", "25", "--seed", "1", "--phases", PHASES]
        key = ["--header", f"Authorization: Bearer {served.secret_key}"]

        ran = subprocess.run([*fuzzer, *options, *key], capture_output=True, text=True, cwd=tmp_path, timeout=400)

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
