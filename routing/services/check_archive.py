"""Whether an Excel file may be unpacked: a few kilobytes can be made to fill the memory or to last for hours."""

from __future__ import annotations

import contextlib
import io
import zipfile
from xml.parsers import expat

LARGEST_UNPACKED = 100 * 1024 * 1024
MOST_PARTS = 1000
MOST_LINES = 1_048_576  # rows of a sheet in Excel; so many different texts, too
MOST_ELEMENTS = 100_000  # from one row to the next, and in a part without rows
MOST_ATTRIBUTES = 100
PIECE = 64 * 1024
LINES = frozenset({"row", "si"})


class Bursts(ValueError):
    """An archive that is made to burst, or far too large; the message says which."""


def check_archive(content: bytes) -> None:
    """Raise Bursts where reading the Excel file would take more memory or time than a sheet of numbers may.

    A reader builds a whole row before it hands it out, so what stands between two rows is bounded, and so are the rows.
    Raises whatever `zipfile` raises for a damaged file.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
            raise Bursts("It unpacks to more than a sheet of numbers can hold: save it as CSV.")
        for part in parts:
            _check_part(archive, part)


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    parser, lines, elements = expat.ParserCreate(), 0, 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal lines, elements
        if name.rpartition(":")[2] in LINES:
            lines, elements = lines + 1, 0
        elements += 1
        if lines > MOST_LINES or elements > MOST_ELEMENTS or len(attributes) > MOST_ATTRIBUTES:
            raise Bursts("It holds more rows or cells than a sheet of numbers can: save it as CSV.")

    parser.StartElementHandler = start
    parser.EntityDeclHandler = _refuse_entity
    # Every part is looked at, whatever its name: the archive itself says which of them is the sheet. Where a part is no
    # XML, the reader gets no further either.
    with archive.open(part) as stream, contextlib.suppress(expat.ExpatError):
        while piece := stream.read(PIECE):
            parser.Parse(piece)


def _refuse_entity(*declared: object) -> None:
    raise Bursts("It declares XML entities, which Excel never does: save it as CSV.")
