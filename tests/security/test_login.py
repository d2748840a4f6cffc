"""Nobody guesses passwords: lock-out, its message, whose address counts, cookies, and where a log-in leads.

Whatever a test "fails if", it was seen to fail of.
"""

from typing import Any, ClassVar

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

PASSWORD = "correct horse battery"
LOGIN = "/admin/login/"
PROXY = "10.0.0.5"

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def boss() -> User:
    return User.objects.create_superuser("boss", password=PASSWORD)


def log_in(password: str, *, user: str = "boss", path: str = LOGIN, **environ: Any) -> Any:
    return Client(**environ).post(path, {"username": user, "password": password})


def fail(times: int, **kwargs: Any) -> Any:
    for _ in range(times):
        response = log_in("wrong", **kwargs)
    return response


def test_the_fifth_wrong_password_locks_out_with_a_clear_message() -> None:
    """Fails without AxesMiddleware or AxesStandaloneBackend."""
    assert fail(4).status_code == 200

    locked = fail(1)

    assert locked.status_code == 429
    assert "15 minutes" in locked.content.decode()
    assert "axes_reset" in locked.content.decode()
    assert log_in(PASSWORD).status_code == 429


def test_a_user_who_does_not_exist_gets_the_same_page() -> None:
    """Fails if only real users are counted: the difference would tell names."""
    real, made_up = fail(5), fail(5, user="nobody")

    assert (made_up.status_code, made_up.content) == (real.status_code, real.content)


def test_others_and_other_addresses_are_not_locked_out() -> None:
    """Fails if AXES_LOCKOUT_PARAMETERS is the user alone (anybody could lock staff out) or the address alone."""
    User.objects.create_superuser("clerk", password=PASSWORD)
    fail(5)

    assert log_in(PASSWORD, user="clerk").status_code == 302
    assert log_in(PASSWORD, REMOTE_ADDR="192.0.2.9").status_code == 302


def test_axes_reset_lets_people_in_again() -> None:
    fail(5)

    call_command("axes_reset")

    assert log_in(PASSWORD).status_code == 302


def test_a_right_password_forgets_the_wrong_ones() -> None:
    """Fails without AXES_RESET_ON_SUCCESS."""
    fail(4)
    log_in(PASSWORD)

    assert fail(4).status_code == 200


def test_made_up_forwarded_addresses_do_not_help(settings: Any) -> None:
    """Fails if TrustProxies believes everybody, or the first address of the header."""
    for last in range(5):
        log_in("wrong", HTTP_X_FORWARDED_FOR=f"192.0.2.{last}")
    assert log_in(PASSWORD).status_code == 429

    settings.TRUSTED_PROXIES = [PROXY]
    for last in range(5):
        log_in("wrong", REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=f"192.0.2.{last}, 198.51.100.7")
    assert log_in(PASSWORD, REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR="198.51.100.7").status_code == 429


def test_behind_a_proxy_each_client_is_counted_alone(settings: Any) -> None:
    """Fails if TrustProxies leaves the proxy's address: one guesser would lock everybody out."""
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    fail(5, REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR="198.51.100.7, 10.0.0.9")

    other = log_in(PASSWORD, REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR="198.51.100.8, 10.0.0.9")

    assert other.status_code == 302


def test_the_session_cookie_is_for_our_pages_alone_and_ends() -> None:
    """Fails if SESSION_COOKIE_HTTPONLY, SAMESITE or AGE is left at another value."""
    cookie = log_in(PASSWORD).cookies["sessionid"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 12 * 60 * 60


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example/admin/", r"\\evil.example", "javascript:alert(1)", "/admin/"]
)
def test_a_log_in_never_leads_elsewhere(elsewhere: str) -> None:
    """Fails if the log-in view redirects to `next` without `url_has_allowed_host_and_scheme`."""
    path = f"{LOGIN}?next={elsewhere}"
    response = Client().post(path, {"username": "boss", "password": PASSWORD, "next": elsewhere})

    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")


def test_log_in_and_every_form_want_a_csrf_token() -> None:
    """Fails if a page is put into the site as `admin_view(csrf_exempt(page))`."""
    client = Client(enforce_csrf_checks=True)

    assert client.post(LOGIN, {"username": "boss", "password": PASSWORD}).status_code == 403

    client.force_login(User.objects.get())
    for path in ("/admin/routing/rule/add/", "/admin/publish/", "/admin/emergency/", "/admin/logout/"):
        assert client.post(path).status_code == 403, path


def test_logging_in_changes_the_session_id() -> None:
    """Fails if the log-in keeps the session that an attacker planted."""
    client = Client()
    planted = client.session.session_key

    client.post(LOGIN, {"username": "boss", "password": PASSWORD})

    assert client.session.session_key != planted
    assert client.session.exists(client.session.session_key or "")


class CountingHasher(MD5PasswordHasher):
    """Stands for the slow hash of production, which a guesser could keep all cores busy with."""

    asked: ClassVar[list[str]] = []

    def encode(self, password: str, salt: str) -> str:
        """Remember that somebody let us work."""
        self.asked.append(password)
        return super().encode(password, salt)


def test_a_locked_out_guess_costs_little(settings: Any) -> None:
    """Fails if the password is hashed before the lock-out is looked at."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    fail(5)
    before = len(CountingHasher.asked)

    assert before >= 5
    assert fail(5).status_code == 429
    assert len(CountingHasher.asked) == before
