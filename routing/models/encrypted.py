"""A column that is encrypted at rest."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

DUMPED = "encrypted:"  # marks the cipher text in a dump, where plain text must never stand


class SecretLocked(Exception):
    """A stored secret was encrypted with a key that is not in ENCRYPTION_KEYS."""

    def __init__(self) -> None:
        super().__init__(
            "A stored secret cannot be decrypted with any of ENCRYPTION_KEYS: add the key that it was stored with, "
            "or enter the secret again."
        )


class SecretText(str):
    """Decrypted text that does not show itself in logs, debug pages and tracebacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'(secret)'"


class LockedText(str):
    """Stands for a secret that no key opens: empty, and stored back exactly as it was."""

    token: str

    def __new__(cls, token: str) -> "LockedText":
        """Keep the cipher text beside the empty text."""
        text = super().__new__(cls, "")
        text.token = token
        return text


class EncryptedTextField(models.TextField):
    """Text stored as a Fernet token; the first of ENCRYPTION_KEYS encrypts, all of them decrypt.

    One row that cannot be decrypted must not hide the others, so it loads as `LockedText` and fails in `reveal`.
    """

    def get_prep_value(self, value: Any) -> Any:
        """Return the cipher text."""
        if isinstance(value, LockedText):
            return value.token
        text = super().get_prep_value(value)
        return None if text is None else _fernet().encrypt(str.encode(text)).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        """Return the plain text."""
        return None if value is None else _decrypt(value)

    def to_python(self, value: Any) -> Any:
        """Read plain text from forms and cipher text from dumps."""
        if isinstance(value, str) and value.startswith(DUMPED):
            return _decrypt(value.removeprefix(DUMPED))
        return value if isinstance(value, str) else super().to_python(value)

    def value_to_string(self, obj: models.Model) -> str:
        """Return cipher text, so that a dump of the database gives nothing away."""
        return DUMPED + str(self.get_prep_value(self.value_from_object(obj)))

    def get_lookup(self, lookup_name: str) -> Any:
        """Allow `isnull` only: the same text is encrypted differently each time, so nothing else can match."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    @staticmethod
    def reveal(value: str) -> str:
        """Return the plain text as an ordinary string; raises SecretLocked."""
        if isinstance(value, LockedText):
            raise SecretLocked
        return str.__str__(value)


def _decrypt(token: str) -> str:
    try:
        return SecretText(_fernet().decrypt(token.encode()).decode())
    except InvalidToken:
        return LockedText(token)


def _fernet() -> MultiFernet:
    return _make_fernet(tuple(settings.ENCRYPTION_KEYS))


@lru_cache(maxsize=4)
def _make_fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
