"""The table file as text: what is read, what is refused at which line, and that writing loses nothing."""

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from routing.engine.document import read_document, write_document
from routing.engine.errors import TableErrors
from routing.snapshot.tablefile import LARGEST_BYTES, read_text, write_text
from tests.snapshot.full_table import FULL_TABLE

READ: dict[str, tuple[str, Any]] = {
    "Norway": ("country: NO", {"country": "NO"}),
    "telephone number": ("number: +12025550111", {"number": "+12025550111"}),
    "leading zero": ("extension: 0042", {"extension": "0042"}),
    "date": ("from: 2026-01-01", {"from": "2026-01-01"}),
    "time of day": ("hours: 09:00", {"hours": "09:00"}),
    "true is text": ("enabled: true", {"enabled": "true"}),
    "exponent": ("key: 1e3", {"key": "1e3"}),
    "null": ("a: null\nb: ~\nc:\nd: NULL", {"a": None, "b": None, "c": None, "d": None}),
    "quoted null is text": ("a: 'null'\nb: ''", {"a": "null", "b": ""}),
    "keys are text": ("on: x\n1: y\nnull: z", {"on": "x", "1": "y", "null": "z"}),
    "key from the dictionary of words": ("then: [yes, no]", {"then": ["yes", "no"]}),
    "merge key is a plain key": ("<<: x", {"<<": "x"}),
    "free form": (
        "overrides: {a: true, b: 12, c: 1.5, d: null, e: NO, f: '12', g: [false, 1e3, x], h: 0042, i: -0, j: ~}",
        {
            "overrides": {
                "a": True,
                "b": 12,
                "c": 1.5,
                "d": None,
                "e": "NO",
                "f": "12",
                "g": [False, 1000.0, "x"],
                "h": "0042",
                "i": 0,
                "j": None,
            }
        },
    ),
    "free form of an entry": (
        "entries: [{number: 1, variables: {n: 1}}]",
        {"entries": [{"number": "1", "variables": {"n": 1}}]},
    ),
    "free form ends": ("overrides: {}\nb: 1", {"overrides": {}, "b": "1"}),
    "quoted word in free form": ("variables: {a: 'true'}", {"variables": {"a": "true"}}),
    "empty file": ("", None),
    "byte order mark": ("\ufeffa: b", {"a": "b"}),
    "JSON": (' {"a": [1, true, null, 1.5, "x"]}', {"a": [1, True, None, 1.5, "x"]}),
    "JSON with surrogate pair": ('{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
    "flow YAML that is no JSON begins otherwise": ("[a, 1]", ["a", "1"]),
}
REFUSED: dict[str, tuple[str, list[str]]] = {
    "duplicate key": ("a: 1\nb: 2\na: 3", ["line 3: 'a' stands twice"]),
    "duplicate key deep down": ("x:\n  - a: 1\n    a: 2", ["line 3: 'a' stands twice"]),
    "tag": ("a: !!python/object:os.system x", ["line 1: tags"]),
    "tag on a list": ("a: !x [1]", ["line 1: tags"]),
    "anchor and alias": ("a: &x 1\nb: *x", ["line 1: anchors (&x)", "line 2: aliases (*x)"]),
    "several mistakes": ("a: !t 1\na: 2\nb: &c d", ["line 1: tags", "line 2: 'a' stands twice", "line 3: anchors"]),
    "not YAML": ("a: 1\nb: [1, 2", ["line 2: this is not YAML", "line 3: this is not YAML"]),
    "tabs": ("a:\n\tb: 1", ["line 2: this is not YAML"]),
    "two documents": ("a: 1\n---\nb: 2", ["line 2: a second document"]),
    "list as key": ("a: 1\n[x]: 2", ["line 2: a key must be"]),
    "control character": ("a: 1\nb: \x07", ["line 2: a character", "line 1: a character"]),
    "NUL": ('a: "\\0"', ["line 1: 'a' holds", "line 1: '\\x00' holds"]),
    "YAML number too large": ("overrides: {a: 1e999}", ["line 1: 1e999 is too large"]),
    "deep YAML": ("a: " + "[" * 10_000, ["line 1: values are nested deeper"]),
    "deep block YAML": ("\n".join(" " * depth + "a:" for depth in range(200)), ["line 51: values are nested deeper"]),
    "JSON duplicate key": ('{"a": 1,\n "b": 2,\n "a": 3}', ["line 3: 'a' stands twice"]),
    "not JSON": ('{"a": 1,\n "b" 2}', ["line 2: this is not JSON"]),
    "NaN": ('{"a": NaN}', ["line 1: this is not JSON: NaN"]),
    "JSON number too large": ('{"a": 1e999}', ["line 1: this is not JSON: 1e999"]),
    "JSON number of many digits": ('{"a": ' + "1" * 5000 + "}", ["line 1: this is not JSON"]),
    "deep JSON": ('{"a": ' * 10_000, ["line 1: values are nested deeper"]),
    "somewhat deep JSON": ('{"a": ' * 60 + "1" + "}" * 60, ["line 1: values are nested deeper"]),
    "JSON surrogate": ('{"a": "\\ud800"}', ["line 1: '\\ud800' holds a character"]),
    "too large": ("a" * (LARGEST_BYTES + 1), ["line 1: the file is larger than 20 MB"]),
    "too large in bytes": ("ä" * (LARGEST_BYTES // 2 + 1), ["line 1: the file is larger than 20 MB"]),
}


@pytest.mark.parametrize(("text", "values"), READ.values(), ids=READ)
def test_text_is_read(text: str, values: object) -> None:
    found = read_text(text)

    assert json.dumps(found) == json.dumps(values)  # tells 1 from true and from 1.0


@pytest.mark.parametrize(("text", "messages"), REFUSED.values(), ids=REFUSED)
def test_text_is_refused_with_its_line(text: str, messages: list[str]) -> None:
    with pytest.raises(TableErrors) as refusal:
        read_text(text)

    told = [str(error) for error in refusal.value.errors]
    if text.startswith(("b: [1", "a: 1\nb: [", 'a: "\\0"', "a: 1\nb: \x07")):  # the two YAML readers differ by a line
        assert any(told[0].startswith(message) for message in messages), told
    else:
        assert len(told) == len(messages), told
        assert all(line.startswith(message) for line, message in zip(told, messages, strict=True)), told


WITHOUT_C_PARTS = """
import sys, yaml
del yaml.CSafeLoader, yaml.CSafeDumper
from routing.snapshot.tablefile import read_text, write_text
from tests.snapshot.full_table import FULL_TABLE
values = read_text(FULL_TABLE)
assert read_text(write_text({"overrides": values["overrides"]})) == {"overrides": values["overrides"]}
print(len(values["rules"]))
"""


def test_yaml_needs_no_c_parts() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_C_PARTS], capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "2", done.stderr


@pytest.mark.parametrize("style", ["yaml", "json"])
def test_whole_table_survives_writing(style: str) -> None:
    table = read_document(read_text(FULL_TABLE))

    text = write_text(write_document(table, with_entries=True), style)

    assert read_document(read_text(text)) == table


TRAPS = [
    "NO",
    "on",
    "y",
    "~",
    "",
    " x",
    "x ",
    "1e3",
    "0x1F",
    "1_000",
    "12:30:45",
    "2026-01-01",
    "+12025550111",
    "=",
    "<<",
]
TRAPS += [
    "- a",
    "a: b",
    "a #b",
    "#",
    "'",
    '"',
    "\\",
    "two\nlines",
    "\ttab",
    "null",
    ".nan",
    "TRUE",
    "é",
    "😀",
    "\u2028",
    "\x85",
]


@pytest.mark.parametrize("text", TRAPS)
def test_text_survives_our_reader_and_a_guessing_one(text: str) -> None:
    written = write_text({text: [text], "overrides": {text: text}})

    assert read_text(written) == {text: [text], "overrides": {text: text}}
    assert yaml.safe_load(written) == {text: [text], "overrides": {text: text}}


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(TRAPS)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(TEXTS, VALUES, max_size=4), st.sampled_from(["yaml", "json"]))
@example({"tiny": 5e-324, "huge": 1e300, "negative": -0.0, "whole": 10**40}, "yaml")
def test_free_form_values_survive_writing(values: dict[str, Any], style: str) -> None:
    text = write_text({"version": 1, "overrides": values}, style)

    found = read_text(text)

    assert isinstance(found, dict)
    assert found["overrides"] == values
    assert json.dumps(found["overrides"]) == json.dumps(values)


def test_yaml_is_easy_to_read() -> None:
    text = write_text({"default": "reception", "targets": [{"key": "desk", "enabled": True, "number": "+12025550199"}]})

    assert text == 'default: reception\ntargets:\n- key: desk\n  enabled: true\n  number: "+12025550199"\n'
