"""The table file as text: YAML for people, JSON for programs.

YAML's habit of guessing types is what makes `NO` false and +12025550111 a number. Here every scalar stays the text that
was written, and the schema gives it its type. Only inside free-form JSON (``overrides``, ``variables``), which has no
schema, do unquoted JSON scalars mean what they mean in JSON.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from routing.engine.errors import TableError, TableErrors

LARGEST_BYTES = 20 * 1024 * 1024
DEEPEST = 50
MOST_TOLD = 100  # mistakes; beyond, nobody reads them, and looking for their lines takes minutes
FREE_FORM = frozenset({"overrides", "variables"})
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "": None, "~": None}
JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
# What no reader of YAML 1.1 or 1.2 takes for anything but text; all else is quoted.
PLAIN_TEXT = re.compile(r"[^\W\d_][\w ./;@+-]*", re.ASCII)
SPOKEN_FOR = frozenset("true false yes no on off y n null nan inf".split())
# The C parts of PyYAML are twenty times faster; its wheels have them, a build from source may not.
PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def read_text(text: str) -> object:
    """Return the values that a YAML or JSON text holds.

    Raises TableErrors, with the line as subject, for what is not plain YAML or JSON: tags, aliases, keys that stand
    twice, text that no database can store, nesting over 50 levels, more than 20 MB.
    """
    if len(text) > LARGEST_BYTES or len(text.encode("utf-8", "replace")) > LARGEST_BYTES:
        _refuse(1, f"the file is larger than {LARGEST_BYTES // 1024 // 1024} MB; split lists off or shorten it")
    text = text.removeprefix("\ufeff")
    values = _read_json(text) if text.lstrip().startswith("{") else _read_yaml(text)
    _check_texts(values, 0)
    return values


def write_text(document: dict[str, Any], format: str = "yaml") -> str:  # noqa: A002 - the word of the command line
    """Return a document as text that `read_text` and other programs read back exactly."""
    if format == "json":
        return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # No line is folded: a telephone list is easier to compare when an entry keeps its lines.
    written: str = yaml.dump(
        document, Dumper=TableDumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=2**30
    )
    return written


class TableDumper(DUMPER):  # type: ignore[misc]  # chosen at run time
    """Writes block style, quotes what could be misread, and never uses anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal values out each time."""
        return True

    def represent_text(self, text: str) -> Any:
        """Quote every text that some reader would take for something else."""
        plain = PLAIN_TEXT.fullmatch(text) and not text.endswith(" ") and text.lower() not in SPOKEN_FOR
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


TableDumper.add_representer(str, TableDumper.represent_text)


def _refuse(line: int, message: str) -> NoReturn:
    raise TableErrors([TableError(f"line {line}", "", message)])


# JSON


def _read_json(text: str) -> object:
    repeated: list[str] = []
    try:
        values: object = json.loads(
            text,
            object_pairs_hook=lambda pairs: _unique(pairs, repeated),
            parse_constant=_refuse_constant,
            parse_float=_read_float,
        )
    except json.JSONDecodeError as error:
        _refuse(error.lineno, f"this is not JSON: {error.msg} (character {error.colno})")
    except RecursionError:
        _refuse(1, f"values are nested deeper than {DEEPEST} levels")
    except ValueError as error:  # a number of thousands of digits, NaN, 1e999
        _refuse(1, f"this is not JSON: {error}")
    if repeated:
        raise TableErrors(
            TableError(f"line {line}", "", f"{key!r} stands twice here; remove one")
            for key, line in _find(text, repeated)
        )
    return values


def _unique(pairs: list[tuple[str, Any]], repeated: list[str]) -> dict[str, Any]:
    """Return the object, and note the keys that stand in it twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            repeated.append(key)
        found[key] = value
    return found


def _find(text: str, keys: list[str]) -> Iterator[tuple[str, int]]:
    """Yield each key with the line of its last mention: the JSON reader does not tell where an object stood."""
    for key in islice(dict.fromkeys(keys), MOST_TOLD):
        place = text.rfind(json.dumps(key, ensure_ascii=False))
        yield key, text.count("\n", 0, max(place, 0)) + 1


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _read_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


# YAML


@dataclass(slots=True)
class _Frame:
    """A collection whose end has not come yet. ``key`` is the mapping key that waits for its value."""

    values: Any
    is_free: bool
    line: int
    key: str | None = None


@dataclass(slots=True)
class _Builder:
    """Builds values from PyYAML's events. Its own loop, because PyYAML's recursion dies of deep nesting."""

    stack: list[_Frame] = field(default_factory=list)
    errors: list[TableError] = field(default_factory=list)
    documents: int = 0
    result: object = None

    def take(self, event: Any) -> None:
        """Take in the next event of the stream."""
        line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                _refuse(line, "a second document begins; a table file is one document")
        elif isinstance(event, AliasEvent):
            self.note(line, f"aliases (*{event.anchor}) are not read; write the value out")
            self.put(None, line)
        elif isinstance(event, NodeEvent):
            self.node(event, line)
        elif isinstance(event, CollectionEndEvent):
            frame = self.stack.pop()
            self.put(frame.values, frame.line)

    def node(self, event: Any, line: int) -> None:
        """Begin a collection, or put a scalar in its place."""
        if event.tag is not None:
            self.note(line, f"tags ({event.tag}) are not read; write the plain value")
        if event.anchor is not None:
            self.note(line, f"anchors (&{event.anchor}) are not read; write the value out where it is needed")
        if isinstance(event, ScalarEvent):
            self.put(self.scalar(event, line), line)
        else:
            self.begin([] if isinstance(event, SequenceStartEvent) else {}, line)

    def begin(self, values: Any, line: int) -> None:
        """Open a collection."""
        above = self.stack[-1] if self.stack else None
        if above and isinstance(above.values, dict) and above.key is None:
            _refuse(line, "a key must be a plain text")
        if len(self.stack) >= DEEPEST:
            _refuse(line, f"values are nested deeper than {DEEPEST} levels")
        is_free = above is not None and (above.is_free or above.key in FREE_FORM)
        self.stack.append(_Frame(values=values, is_free=is_free, line=line))

    def put(self, value: Any, line: int) -> None:
        """Put a finished value into the collection it belongs to, or remember a mapping's key."""
        if not self.stack:
            self.result = value
            return
        frame = self.stack[-1]
        if isinstance(frame.values, list):
            frame.values.append(value)
        elif frame.key is None:
            self.name(frame, value, line)
        else:
            frame.values[frame.key], frame.key = value, None

    def name(self, frame: _Frame, key: Any, line: int) -> None:
        """Remember the key whose value comes next."""
        if key in frame.values:
            self.note(line, f"{key!r} stands twice here; remove one")
        frame.key = key if isinstance(key, str) else ""

    def scalar(self, event: ScalarEvent, line: int) -> Any:
        """Return a scalar as text, typed only in free-form JSON; keys are always text."""
        text: str = event.value
        frame = self.stack[-1] if self.stack else None
        is_key = frame is not None and isinstance(frame.values, dict) and frame.key is None
        if event.style or is_key:  # the C parser says "" of an unquoted scalar, the Python one None
            return text
        if frame is not None and frame.is_free:
            return self.json_scalar(text, line)
        return None if text in NULLS else text

    def json_scalar(self, text: str, line: int) -> Any:
        """Return what an unquoted scalar means in JSON, or itself where JSON has no such scalar."""
        if text in WORDS:
            return WORDS[text]
        if not JSON_NUMBER.fullmatch(text):
            return text
        convert: Callable[[str], Any] = int if text.lstrip("-").isdigit() else _read_float
        try:
            return convert(text)
        except ValueError as error:
            self.note(line, str(error))
            return None

    def note(self, line: int, message: str) -> None:
        """Keep a mistake that does not stop the reading."""
        if len(self.errors) < MOST_TOLD:
            self.errors.append(TableError(f"line {line}", "", message))


def _read_yaml(text: str) -> object:
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=PARSER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        _refuse(mark.line + 1 if mark else 1, f"this is not YAML: {error.problem or error.context}")
    except yaml.YAMLError as error:
        _refuse(_line_of(error, text), "a character stands here that YAML does not allow; remove it")
    if builder.errors:
        raise TableErrors(builder.errors)
    return builder.result


def _line_of(error: yaml.YAMLError, text: str) -> int:
    return text.count("\n", 0, getattr(error, "position", 0) or 0) + 1


def _check_texts(value: object, depth: int) -> None:
    """Refuse what PostgreSQL cannot store, and nesting that later recursions would die of."""
    if depth > DEEPEST:
        _refuse(1, f"values are nested deeper than {DEEPEST} levels")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_texts(key, depth)
            _check_texts(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item, depth + 1)
    elif isinstance(value, str) and ("\0" in value or (not value.isascii() and _has_surrogates(value))):
        _refuse(1, f"{value[:40]!r} holds a character that cannot be stored; remove it")


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
