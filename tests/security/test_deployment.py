"""Mistakes of a deployment are named; a good one is clean, and its answers carry every header.

Whatever a test "fails if", it was seen to fail of.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.checks import CheckMessage
from django.test import Client

from routing.checks import check_data_directory, check_public, check_table
from routing.models import Target, WebhookSecret
from routing.services.import_table import import_table
from routing.services.publish import publish

pytestmark = pytest.mark.once

TABLE = """
version: 1
default: reception
targets:
  - {key: reception, name: Reception, kind: assistant, vapi_id: a0000000-0000-4000-8000-000000000001}
"""
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LONG_KEY = "k9" * 32
GOOD = {
    "DEBUG": False,
    "ALLOWED_HOSTS": ["calls.example.com"],
    "SECRET_KEY": LONG_KEY,
    "GENERATED_SECRETS": [],
    "VAPI_API_KEY": "key",
    "IS_HTTPS": True,
    "TRUSTED_PROXIES": ["10.0.0.5"],
}


def ids(messages: list[CheckMessage]) -> list[str | None]:
    assert all(message.hint for message in messages)
    return [message.id for message in messages]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({}, [], id="good"),
        pytest.param({"DEBUG": True}, ["routing.W002"], id="debug"),
        pytest.param({"DEBUG": True, "ALLOWED_HOSTS": ["localhost", "127.0.0.1"]}, [], id="debug at home"),
        pytest.param({"DEBUG": True, "ALLOWED_HOSTS": ["*"]}, ["routing.W002"], id="debug for everybody"),
        pytest.param({"SECRET_KEY": "short"}, ["routing.W003"], id="short key"),
        pytest.param({"SECRET_KEY": "django-insecure-" + LONG_KEY}, ["routing.W003"], id="example key"),
        pytest.param({"SECRET_KEY": "short", "GENERATED_SECRETS": ["SECRET_KEY"]}, [], id="generated key"),
        pytest.param({"VAPI_API_KEY": ""}, ["routing.W005"], id="sandbox"),
        pytest.param({"TRUSTED_PROXIES": []}, ["routing.W006"], id="unknown proxy"),
        pytest.param({"TRUSTED_PROXIES": [], "IS_HTTPS": False}, [], id="no TLS, no proxy"),
    ],
)
def test_public_hosts(changed: dict[str, Any], expected: list[str], settings: Any) -> None:
    """Fails if the `if` of the message named in the row is negated or left out."""
    for name, value in (GOOD | changed).items():
        setattr(settings, name, value)

    assert ids(check_public(None)) == expected


def test_a_data_directory_that_cannot_be_written(settings: Any, tmp_path: Path) -> None:
    """Fails if a file in the folder's place passes for a folder, or one that is yet to be made is complained about."""
    (tmp_path / "file").touch(mode=0o777)

    settings.ROUTING_DATA_DIR = tmp_path / "later" / "data"
    assert ids(check_data_directory(None)) == []
    settings.ROUTING_DATA_DIR = tmp_path / "file"
    assert ids(check_data_directory(None)) == ["routing.W004"]


def _nothing() -> None:
    pass


def _complete() -> None:
    WebhookSecret.objects.create(name="Production", secret="secret")
    import_table(TABLE)
    publish(author=None, note="", now=NOW)


def _edited() -> None:
    _complete()
    Target.objects.update(name="Front desk")


def _without_secret() -> None:
    _complete()
    WebhookSecret.objects.update(enabled=False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        (_nothing, ["routing.W010", "routing.W011", "routing.W012"]),
        (_complete, []),
        (_edited, ["routing.W013"]),
        (_without_secret, ["routing.W010"]),
    ],
)
def test_the_table(prepare: Callable[[], None], expected: list[str]) -> None:
    """Fails if the `if` of the message named in the row is negated or left out."""
    prepare()

    assert ids(check_table(None)) == expected


# Of the tests, not of a deployment: the second is set by whatever browser test ran in this process before.
OURS = {"DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE"}


def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name not in OURS} | environ
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=project.BASE_DIR, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "ROUTING_DATA_DIR": str(tmp_path / "data"),
        "DEBUG": "false",
        "SECRET_KEY": "",
        "ENCRYPTION_KEYS": "",
        "ALLOWED_HOSTS": "calls.example.com",
        "PUBLIC_URL": "https://calls.example.com",
        "TRUSTED_PROXIES": "10.0.0.5",
        "VAPI_API_KEY": "planted-key",
        "VAPI_WEBHOOK_SECRET": "planted-secret",
    }


def test_check_deploy_is_clean_under_production_settings(production: dict[str, str]) -> None:
    """Fails if SECURE_HSTS_SECONDS, SECURE_SSL_REDIRECT or a Secure cookie is left out of the settings."""
    for words in (["migrate", "-v0"], ["demo"]):
        prepared = run(*words, **production)
        assert prepared.returncode == 0, prepared.stderr

    checked = run("check", "--deploy", "--fail-level", "WARNING", **production)

    assert checked.returncode == 0, checked.stderr


def test_checks_never_need_a_database(production: dict[str, str]) -> None:
    """Fails if check_table lets DatabaseError through: there is no table yet."""
    checked = run("check", "--deploy", **production)

    assert checked.returncode == 0, checked.stderr
    assert "routing.W014" in checked.stderr
    assert "Traceback" not in checked.stderr


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/api/schema", "/api/docs", "/api/v1/calls", "/nowhere"])
def test_every_answer_carries_the_security_headers(path: str, client: Client) -> None:
    """Fails if a header's setting, or ContentSecurityPolicy, is taken out."""
    headers = client.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "microphone=()" in headers["Permissions-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_plain_http_is_redirected_but_for_vapi_and_probes(settings: Any, client: Client) -> None:
    """Sabotage seen to fail: AnswerWebhook after SecurityMiddleware; anybody's X-Forwarded-Proto believed."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 60
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.TRUSTED_PROXIES = ["10.0.0.5"]
    client = Client()  # reads the settings anew
    secure: dict[str, Any] = {"HTTP_X_FORWARDED_PROTO": "https"}

    assert client.get("/admin/login/").status_code == 301
    assert client.get("/admin/login/", **secure).status_code == 301
    answer = client.get("/admin/login/", REMOTE_ADDR="10.0.0.5", **secure)
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=60"
    assert client.post("/vapi/webhook", b"{}", "application/json").status_code == 401
    assert client.get("/healthz").status_code == 200
