"""What machines ask about this program."""

from django.urls import path

from routing.status.views import answer_health, answer_metrics, answer_readiness

urlpatterns = [
    path("healthz", answer_health),
    path("readyz", answer_readiness),
    path("metrics", answer_metrics),
]
