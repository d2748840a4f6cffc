"""`make bench`: everything that is measured, into benchmarks/RESULTS.md. `make bench PART="decide drain"`: some parts.

A part is a module beside this one whose ``main()`` prints Markdown (benchmarks/report.py); it runs in a process of its
own. RESULTS=/tmp/mine.md writes another file.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from benchmarks.results import write_section

PARTS = ("decide", "engines", "drain", "number_lists", "publish", "call_log", "staff", "webhook", "cold", "scaling")


def main(parts: list[str]) -> int:
    """Run the parts and return how many failed; a part that fails leaves its section as it was."""
    path = Path(os.environ.get("RESULTS") or Path(__file__).with_name("RESULTS.md"))
    failed = []
    for part in parts:
        print(f"\n## {part}\n", flush=True)
        output, code = _run(part)
        if code:
            failed.append(part)
        else:
            write_section(path, part, output, PARTS)
    if failed:
        print(f"failed, nothing written of: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


def _run(part: str) -> tuple[str, int]:
    """Run one part, show its output as it comes, and return it with the exit code."""
    orderly = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))"  # its servers end too
    command = [sys.executable, "-u", "-c", f"{orderly}; from benchmarks.{part} import main; main()"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:

        def end(*_: object) -> None:
            running.terminate()
            sys.exit(1)  # no other part begins

        signal.signal(signal.SIGTERM, end)
        assert running.stdout is not None
        lines = []
        for line in running.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    return "".join(lines), running.returncode


if __name__ == "__main__":
    chosen = sys.argv[1:] or list(PARTS)
    unknown = sorted(set(chosen) - set(PARTS))
    if unknown:
        sys.exit(f"There is no part “{unknown[0]}”: name some of {', '.join(PARTS)}.")
    sys.exit(main(chosen))
