"""URLs of the API. A slash too many at either end is taken: a redirect would lose the POST.

Vapi's web SDK joins its base URL and the path with two slashes when the base ends with one.
"""

from django.urls import re_path

from routing.api.views import (
    CallListView,
    CallView,
    NothingHereView,
    PlaceCallView,
    PlacedCallView,
    PlaceWebCallView,
    ResolveView,
)

KNOWN_AS = r"(?P<known_as>[0-9A-Za-z_-]{1,64})"

urlpatterns = [
    re_path(r"^/?call/?$", PlaceCallView.as_view()),
    re_path(r"^/?call/web/?$", PlaceWebCallView.as_view()),
    re_path(rf"^/?call/{KNOWN_AS}/?$", PlacedCallView.as_view()),
    re_path(r"^/?resolve/?$", ResolveView.as_view()),
    re_path(r"^/?calls/?$", CallListView.as_view()),
    re_path(rf"^/?calls/{KNOWN_AS}/?$", CallView.as_view()),
    re_path(r"", NothingHereView.as_view()),
]
