"""Who is asking, and by which scheme, where a proxy stands in front of us."""

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Network = IPv4Network | IPv6Network
SCHEME = "HTTP_X_FORWARDED_PROTO"


class TrustProxies:
    """Believe `X-Forwarded-For` and `X-Forwarded-Proto` of TRUSTED_PROXIES, and of nobody else.

    Afterwards `REMOTE_ADDR` is the client's address: by it, people who guess passwords are locked out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        trusted = [ip_network(text, strict=False) for text in settings.TRUSTED_PROXIES]
        address = request.META.get("REMOTE_ADDR", "")
        if not _is_in(address, trusted):
            request.META.pop(SCHEME, None)
        else:
            request.META["REMOTE_ADDR"] = _client(address, request.META.get("HTTP_X_FORWARDED_FOR", ""), trusted)
        return self.get_response(request)


def _client(address: str, forwarded: str, trusted: list[Network]) -> str:
    """Return the last address that no proxy of ours added; what stands before it, the client may have made up."""
    for hop in reversed([part.strip() for part in forwarded.split(",")]):
        if not _is_address(hop):
            break
        address = hop
        if not _is_in(hop, trusted):
            break
    return address


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(text: str, networks: list[Network]) -> bool:
    return _is_address(text) and any(ip_address(text) in network for network in networks)
