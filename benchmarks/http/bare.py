"""Django alone, with one view that answers a constant: no middleware, no secret, no database."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, MIDDLEWARE=[])


def answer(request: HttpRequest) -> HttpResponse:
    """Read what came and answer the same to everybody."""
    _ = request.body
    return HttpResponse(b'{"assistantId":"a0000000-0000-4000-8000-000000000001"}', content_type="application/json")


urlpatterns = [path("vapi/webhook", answer)]
application = get_wsgi_application()
