"""URLs of the webhook. Both spellings are served: a redirect to the other would lose the message."""

from django.urls import path

from routing.webhook.views import receive_message

urlpatterns = [
    path("webhook", receive_message, name="vapi-webhook"),
    path("webhook/", receive_message),
]
