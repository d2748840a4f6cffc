"""The README names every setting, command and address there is, and its own links lead somewhere."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import get_commands
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from routing.services.demo_data import load_demo

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
        address
        for address in _addresses(get_resolver())
        if address.startswith(("/vapi/", "/api/", "/healthz", "/readyz", "/metrics"))
    ]

    missing = [address for address in addresses if address.rstrip("/") not in README]

    assert addresses
    assert missing == []


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)", README))))
def test_every_link_leads_to_a_file(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "examples").glob("*.*")))
def test_the_snippets_are_the_examples(name: str) -> None:
    assert f"\n{(ROOT / 'examples' / name).read_text(encoding='utf-8')}```\n" in README


EXAMPLES = re.findall(
    r"```sh\ncurl -s '?http://127.0.0.1:8000(\S+?)'? .*?-d '(.*?)'\n```\n```json\n(.*?)```", README, re.S
)
CHANGES_EACH_TIME = {"id", "createdAt", "updatedAt", "name"}


@pytest.mark.django_db
@time_machine.travel(datetime(2026, 11, 22, 20, 58, tzinfo=UTC), tick=True)
def test_the_three_requests_get_the_answers_shown(client: Client) -> None:
    demo = load_demo(now=datetime.now(UTC))
    headers = {"X-Vapi-Secret": demo.webhook_secret, "Authorization": f"Bearer {demo.secret_key}"}

    for address, body, shown in EXAMPLES:
        answer = client.post(address, body, content_type="application/json", headers=headers)
        assert _lasting(answer.json()) == _lasting(json.loads(shown))

    assert [address for address, _, _ in EXAMPLES] == ["/vapi/webhook", "/api/v1/call", "/api/v1/resolve?explain=1"]


def _lasting(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key not in CHANGES_EACH_TIME}


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
