"""Web addresses that a page may have: a browser calls them origins (RFC 6454) and sends them with each request."""

import re

from django.core.exceptions import ValidationError

ANY_ORIGIN = "*"
WILDCARD = "*."
LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
HOST = rf"(?:{LABEL}(?:\.{LABEL})*|\[[0-9a-f:]+\])"
ORIGIN = re.compile(rf"(https?)://({HOST})(:[1-9][0-9]{{0,4}})?")
SUBDOMAINS = re.compile(rf"https://\*\.{LABEL}(?:\.{LABEL})+(?::[1-9][0-9]{{0,4}})?")
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
HINT = "write it as https://www.example.com, https://*.example.com or *"


def normalise_origin(text: str) -> str:
    """Return a typed address as browsers send it: in lower case, without a final slash or the scheme's own port."""
    origin = text.strip().lower().rstrip("/")
    own_port = DEFAULT_PORTS.get(origin.partition("://")[0])
    return origin.removesuffix(own_port) if own_port else origin


def validate_origins(value: object) -> None:
    """Refuse a list with an entry that no browser would ever send, and say what to write."""
    texts = [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
    mistakes = [f"{text}: {complaint}" for text in texts if (complaint := _complaint(text))]
    if mistakes:
        raise ValidationError(mistakes)


def origin_allowed(allowed: object, origin: str | None) -> bool:
    """Tell whether a column's list allows an origin. None and "null" tell nothing, so they need the entry for all."""
    texts = [text for text in allowed if isinstance(text, str)] if isinstance(allowed, list) else []
    if ANY_ORIGIN in texts:
        return True
    if origin is None or not ORIGIN.fullmatch(normalise_origin(origin)):
        return False
    return any(_matches(normalise_origin(text), normalise_origin(origin)) for text in texts)


def _matches(pattern: str, origin: str) -> bool:
    if SUBDOMAINS.fullmatch(pattern) is None:
        return pattern == origin
    scheme, _, parent = pattern.partition(WILDCARD)
    return origin.startswith(scheme) and origin.endswith(f".{parent}")


def _complaint(text: str) -> str:
    if text == ANY_ORIGIN or SUBDOMAINS.fullmatch(text):
        return ""
    if ORIGIN.fullmatch(text):
        return "" if normalise_origin(text) == text else f"browsers leave the port out: write {normalise_origin(text)}."
    return _explain(text)


def _explain(text: str) -> str:
    if not text.isascii():
        return "browsers send such a name in its ASCII form, which begins with xn--: write that."
    if ORIGIN.fullmatch(normalise_origin(text)):
        return f"browsers send this as {normalise_origin(text)}: write that."
    if WILDCARD in text:
        return "a * stands for the subdomains of a whole domain, and needs https: write https://*.example.com."
    if re.match(rf"https?://{HOST}(:[0-9]+)?[/?#]", text.lower()):
        return "only the part before the path counts: write it as https://www.example.com."
    return f"this is not a web address: {HINT}."
