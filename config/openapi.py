"""What the API's description says about itself, and how its page is served: the settings of drf-spectacular."""

from typing import Any

DESCRIPTION = """\
One routing table for every Vapi call. The base address of this API, `/api/v1`, stands in for `https://api.vapi.ai` in
Vapi's own SDKs: leave the assistant out, and the table that is live says who takes the call.

Bodies and answers of `/call` and `/call/web` are Vapi's own. Every error has Vapi's shape.
"""

SPECTACULAR: dict[str, Any] = {
    "TITLE": "Switchboard",
    "DESCRIPTION": DESCRIPTION,
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    # It tells nothing about anybody's table or calls, so it is shown without a key.
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "displayRequestDuration": True, "defaultModelsExpandDepth": 0},
    "PREPROCESSING_HOOKS": ["routing.api.schema.list_endpoints"],
    "POSTPROCESSING_HOOKS": ["routing.api.schema.add_components"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "TAGS": [
        {"name": "calls", "description": "Place a call. The table decides who takes it, unless the request may."},
        {"name": "decisions", "description": "Ask who would take a call, and look at those that were taken."},
    ],
}
