"""Readers of environment variables: a mistake is reported by the variable's name and what to write instead."""

import json
import os
from collections.abc import Callable, Collection
from ipaddress import ip_network
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import environ
from django.core.exceptions import ImproperlyConfigured

from routing.engine.checking import check_table
from routing.engine.document import read_document
from routing.engine.errors import TableErrors
from routing.engine.reading import NO_REGION

Number = TypeVar("Number", int, float)

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})


def read_text(name: str, default: str = "") -> str:
    """Return the variable's text without outer spaces; unset and empty mean the default."""
    return os.environ.get(name, "").strip() or default


def read_bool(name: str, *, default: bool) -> bool:
    """Return a yes or no."""
    word = read_text(name).lower()
    if not word:
        return default
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise ImproperlyConfigured(f"{name} is {word!r}: write true or false.")
    return word in TRUE_WORDS


def read_int(name: str, default: int, *, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`, both allowed."""
    return _read_number(name, default, int, low, high, "a whole number")


def read_float(name: str, default: float, *, low: float, high: float) -> float:
    """Return a number from `low` to `high`, both allowed."""
    return _read_number(name, default, float, low, high, "a number")


def read_list(name: str, default: str = "") -> list[str]:
    """Return the parts of a comma-separated text."""
    return [part.strip() for part in read_text(name, default).split(",") if part.strip()]


def read_networks(name: str) -> list[str]:
    """Return the addresses and networks of a comma-separated text."""
    networks = read_list(name)
    for network in networks:
        try:
            ip_network(network, strict=False)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: {network!r} is no address: write 10.0.0.5 or 10.0.0.0/8") from error
    return networks


def read_choice(name: str, default: str, choices: Collection[str]) -> str:
    """Return one of a few words."""
    word = read_text(name, default)
    if word not in choices:
        raise ImproperlyConfigured(f"{name} is {word!r}: write {' or '.join(choices)}")
    return word


def read_zone(name: str, default: str) -> str:
    """Return the name of a time zone."""
    zone = read_text(name, default)
    if zone not in available_timezones():
        raise ImproperlyConfigured(f"{name} is {zone!r}: write the name of a time zone such as America/New_York")
    return zone


def read_url(name: str, default: str = "") -> str:
    """Return an http or https address without its last slash, or nothing."""
    url = read_text(name, default).rstrip("/")
    if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
        raise ImproperlyConfigured(f"{name} is {url!r}: write a whole address such as https://calls.example.com")
    return url


def read_target(name: str, default: dict[str, Any]) -> dict[str, Any]:
    """Return a target, written as JSON in the shape that it has in a table file."""
    text = read_text(name)
    if not text:
        return default
    example = json.dumps(default, ensure_ascii=False)
    try:
        target = json.loads(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not JSON ({error}): write a target such as {example}") from error
    if not isinstance(target, dict):
        raise ImproperlyConfigured(f"{name} is not an object: write a target such as {example}")
    named = {"key": default["key"], "name": default["name"]} | target
    faults = _target_faults(named)
    if faults:
        raise ImproperlyConfigured(f"{name} is not a target ({faults}): write one such as {example}")
    return named


def _target_faults(target: dict[str, Any]) -> str:
    """A last resort that cannot be used must be noticed at the start, not when it is needed."""
    try:
        faults = check_table(read_document({"default": target["key"], "targets": [target]}), NO_REGION)
    except TableErrors as error:
        faults = list(error.errors)
    return "; ".join(f"{fault.field} {fault.message}" for fault in faults)


def read_database(name: str, default: str) -> dict[str, Any]:
    """Return Django's description of the SQLite file or the PostgreSQL database at an address."""
    url = read_text(name, default)
    scheme = url.partition(":")[0]
    if scheme not in {"sqlite", "postgres", "postgresql"}:
        raise ImproperlyConfigured(
            f"{name} begins with {scheme!r}: write sqlite:////path/to/file.sqlite3 or postgres://user:password@host:5432/name"
        )
    database: dict[str, Any] = environ.Env.db_url_config(url)
    add_options = _add_sqlite_options if scheme == "sqlite" else _add_postgres_options
    return add_options(database)


def _read_number(
    name: str, default: Number, convert: Callable[[str], Number], low: Number, high: Number, words: str
) -> Number:
    text = read_text(name)
    advice = f"{name} is {text!r}: write {words} from {low} to {high}."
    try:
        number = convert(text) if text else default
    except ValueError as error:
        raise ImproperlyConfigured(advice) from error
    if not low <= number <= high:
        raise ImproperlyConfigured(advice)
    return number


def _add_sqlite_options(database: dict[str, Any]) -> dict[str, Any]:
    # Immediate transactions wait for the writer before them (up to the timeout, in seconds), where deferred ones
    # fail at once when they turn from reading to writing. WAL lets everybody read meanwhile.
    options = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;",
    }
    return database | {"OPTIONS": options | database.get("OPTIONS", {})}


def _add_postgres_options(database: dict[str, Any]) -> dict[str, Any]:
    # Seconds to connect, milliseconds a statement: a caller hears silence while a database hangs.
    options = {"connect_timeout": 2, "options": "-c statement_timeout=2000"}
    return database | {
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options | database.get("OPTIONS", {}),
    }
