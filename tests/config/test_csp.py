"""Only the admin, whose theme needs it, may evaluate scripts; only it and the API's page may set styles."""

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "wide"), [("/admin/login/", True), ("/healthz", False), ("/adminish", False)])
def test_policy_is_wider_under_admin_only(path: str, wide: bool, client: Client) -> None:
    """Sabotage seen to fail: give the policy of /admin/ to every path."""
    policy = client.get(path).headers["Content-Security-Policy"]

    assert ("'unsafe-eval'" in policy) is wide
    assert ("'unsafe-inline'" in policy) is wide
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy


@pytest.mark.parametrize(("path", "wide"), [("/api/docs", True), ("/api/docs/", False), ("/api/schema", False)])
def test_the_apis_page_may_set_styles_but_evaluate_nothing(path: str, wide: bool, client: Client) -> None:
    policy = client.get(path).headers["Content-Security-Policy"]

    assert ("'unsafe-inline'" in policy) is wide
    assert "script-src" not in policy
    assert "'unsafe-eval'" not in policy
