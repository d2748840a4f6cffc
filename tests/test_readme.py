"""The README names every setting, command and address there is, and its own links lead somewhere."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS = sorted(set(re.findall(r'read_\w+\(\s*"([A-Z_]+)"', (ROOT / "config" / "settings.py").read_text())))
COMMANDS = sorted(name for name, app in get_commands().items() if app == "routing")


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_explained(name: str) -> None:
    assert re.search(rf"`{name}`.*\|.*\|", README), f"README's table of settings lacks {name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_explained(name: str) -> None:
    assert f"`manage.py {name}" in README


def test_every_public_address_is_explained() -> None:
    addresses = [
        address for address in _addresses(get_resolver()) if address.startswith(("/vapi/", "/api/", "/healthz"))
    ]

    missing = [address for address in addresses if address.rstrip("/") not in README]

    assert addresses
    assert missing == []


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)", README))))
def test_every_link_leads_to_a_file(link: str) -> None:
    assert (ROOT / link).exists()


def _addresses(resolver: URLResolver, before: str = "/") -> list[str]:
    found: list[str] = []
    for pattern in resolver.url_patterns:
        address = before + _readable(str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            found.append(address)
        else:
            found += _addresses(pattern, address)
    return found


def _readable(pattern: str) -> str:
    named = re.sub(r"\(\?P<\w+>[^)]*\)|<(?:\w+:)?\w+>", "{id}", pattern)
    return named.replace("/?", "/").strip("^$/") if pattern.startswith("^") else named
