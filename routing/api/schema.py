"""The API's description in OpenAPI: what drf-spectacular cannot read off the views is said here, beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
    OpenApiViewExtension,
)
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view

from routing.api import schema_examples as examples
from routing.api.call_request import CAMPAIGN_HEADER
from routing.api.idempotency import KEY_HEADER
from routing.api.schema_parts import COMPONENTS, ref
from routing.api.serializers import CallFilterSerializer

Endpoint = tuple[str, str, str, Any]

ABOUT_ERRORS = {
    400: "The request cannot be understood; the message names the field.",
    401: "The key is missing, unknown, revoked or expired.",
    403: "The key may not do this, the page may not use it, or the table refuses the call.",
    404: "There is nothing of that name.",
    405: "The address takes another method.",
    409: "The same request is still running.",
    413: "The body is larger than 5 MiB. A batch can be sent in parts.",
    415: "The body is not sent as application/json.",
    422: "The table chose a target that cannot start a call, or an Idempotency-Key came again with another body.",
    424: "Vapi did not say whether the call was placed. It is not placed again, and must not be sent again.",
    429: "Too often: Retry-After says how many seconds to wait.",
    500: "A fault of this service.",
    503: "The database or Vapi cannot be reached; nothing was placed.",
}
READING = (400, 401, 403, 404, 405, 500, 503)
SENDING = (400, 401, 403, 405, 413, 415, 500, 503)
PLACING = (*SENDING, 409, 422, 424, 429)
VAPIS_REFUSAL = OpenApiResponse(ref("Error"), description="Vapi's own refusal, as it came.")


def list_endpoints(endpoints: Iterable[Endpoint], **_: Any) -> list[Endpoint]:
    """Return our endpoints at the one address that is meant: they take a slash too many, and answer for the rest."""
    shown = [(_plain(path), regex, method, view) for path, regex, method, view in endpoints]
    return [endpoint for endpoint in shown if not endpoint[0].endswith("/v1")]


def add_components(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the shapes that the endpoints refer to."""
    components: dict[str, Any] = result.setdefault("components", {})
    components["schemas"] = dict(sorted((components.get("schemas", {}) | COMPONENTS).items()))
    return result


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the package left it untyped
    """How a request proves itself."""

    target_class = "routing.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the scheme."""
        about = (
            "A secret key (`sb_sk_…`) from a server; for `/call/web` also a publishable one (`sb_pk_…`) from a page."
        )
        return {"type": "http", "scheme": "bearer", "description": about}


class InstantShape(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # here too
    """Instants of queries."""

    target_class = "routing.api.fields.InstantField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Return the shape."""
        return {"type": "string", "format": "date-time"}


def _plain(path: str) -> str:
    return re.sub(r"/+", "/", path).rstrip("/").replace("{known_as}", "{id}")


def _answers(schema: str | dict[str, Any], example: Any, statuses: Iterable[int], success: int = 200) -> dict[Any, Any]:
    shape = ref(schema) if isinstance(schema, str) else schema
    about = HTTPStatus(success).phrase
    good = {success: OpenApiResponse(shape, description=about, examples=[examples.answer(example, success)])}
    return good | {
        status: OpenApiResponse(ref("Error"), description=ABOUT_ERRORS[status], examples=[examples.error(status)])
        for status in sorted(statuses)
    }


def _header(name: str, about: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=about, **more)


ID = OpenApiParameter("id", str, OpenApiParameter.PATH, description="Our id of the call, or Vapi's.")
EXPLAIN = OpenApiParameter(
    "explain", str, OpenApiParameter.QUERY, enum=["0", "1", "false", "true"], description="1 adds every rule."
)
CAMPAIGN = _header(CAMPAIGN_HEADER, "The campaign's slug; the same as `routing.campaign`.")
SANDBOX = _header("X-Switchboard-Sandbox", "Stands and is `true` when no call is really placed.", response=True)
REPLAYED = _header("Idempotent-Replayed", "`true` when this is an earlier request's answer.", response=[201, 424])
WAIT = _header("Retry-After", "Seconds to wait before asking again.", response=[409, 429])
WAIT_ON_PAGE = _header("Retry-After", "Seconds to wait before asking again.", response=[429])
KEY = _header(KEY_HEADER, "With the same key, the same request is carried out once; its answer comes again.")


def _describe(view: str, method: str, **about: Any) -> None:
    """Say what stands in the description about a method of a view; the view itself is left alone."""

    def view_replacement(self: Any) -> Any:
        described: Callable[[Any], Any] = extend_schema_view(**{method: extend_schema(**about)})
        return described(type(view, (self.target_class,), {}))

    members = {"target_class": f"routing.api.views.{view}", "view_replacement": view_replacement}
    type(f"{view}Description", (OpenApiViewExtension,), members)


_describe(
    "PlaceCallView",
    "post",
    operation_id="placeCall",
    tags=["calls"],
    summary="Place a phone call, or one for each customer",
    description="The same body from the same key within 60 seconds is the same request, also without Idempotency-Key.",
    parameters=[KEY, CAMPAIGN, SANDBOX, REPLAYED, WAIT],
    request={"application/json": ref("CreateCall")},
    examples=examples.requests(examples.CALL_REQUESTS),
    responses=_answers({"anyOf": [ref("VapiCall"), ref("VapiBatch")]}, examples.VAPI_CALL, PLACING, 201)
    | {"4XX": VAPIS_REFUSAL},
)
_describe(
    "PlaceWebCallView",
    "post",
    operation_id="placeWebCall",
    tags=["calls"],
    summary="Open a room for a call from a web page",
    description="With a publishable key the call is always routed, whatever target the body names.",
    parameters=[CAMPAIGN, SANDBOX, WAIT_ON_PAGE],
    request={"application/json": ref("CreateWebCall")},
    examples=examples.requests(examples.WEB_CALL_REQUESTS),
    responses=_answers("VapiCall", examples.VAPI_CALL | {"type": "webCall"}, PLACING, 201) | {"4XX": VAPIS_REFUSAL},
)
_describe(
    "PlacedCallView",
    "get",
    operation_id="getPlacedCall",
    tags=["calls"],
    summary="A call as it stands at Vapi, if it was placed through here",
    parameters=[ID, SANDBOX],
    responses=_answers("VapiCall", examples.VAPI_CALL, READING) | {"4XX": VAPIS_REFUSAL},
)
_describe(
    "ResolveView",
    "post",
    operation_id="resolve",
    tags=["decisions"],
    summary="Who would take a call; nothing is placed and nothing is recorded",
    parameters=[EXPLAIN, CAMPAIGN],
    request={"application/json": ref("Resolve")},
    examples=examples.requests(examples.RESOLVE_REQUESTS),
    responses=_answers("Resolution", examples.RESOLUTION, SENDING),
)
_describe(
    "CallListView",
    "get",
    operation_id="listCalls",
    tags=["decisions"],
    summary="Routed calls, newest first",
    parameters=[CallFilterSerializer],
    responses=_answers("RoutedCalls", {"results": [examples.ROUTED_CALL], "next": None}, READING),
)
_describe(
    "CallView",
    "get",
    operation_id="getCall",
    tags=["decisions"],
    summary="One routed call, on demand explained by the revision that decided it",
    parameters=[ID, EXPLAIN],
    responses=_answers("RoutedCall", examples.ROUTED_CALL, READING),
)
