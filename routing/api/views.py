"""The API's views: each translates in, calls one service and translates out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from routing.api.authentication import HasKey, asking_key
from routing.api.batch_request import is_batch, read_batch
from routing.api.call_request import read_call, read_resolve
from routing.api.cors import PREFLIGHT, allow_headers, check_origin
from routing.api.idempotency import REPLAYED, read_identity
from routing.api.pages import next_address, read_cursor
from routing.api.rendering import render_resolution
from routing.api.serializers import CallFilterSerializer, CallSerializer
from routing.api.throttle import PageThrottle
from routing.engine.context import Channel
from routing.services.describe_decision import describe_rules, explain_decided
from routing.services.explain_call import explain_call
from routing.services.get_call import get_placed_call
from routing.services.idempotency import answer_once
from routing.services.list_calls import CallFilter, find_call, list_calls
from routing.services.place_batch import place_batch
from routing.services.place_call import place_call
from routing.services.place_web_call import place_web_call
from routing.services.prepare_call import CallRequest, prepare_call
from routing.vapi.client import client_from_settings

SANDBOX_HEADER = "X-Switchboard-Sandbox"
NO_SUCH_CALL = "There is no call {id} here."


class VapiView(APIView):
    """A view behind which calls are placed; it says in every answer when they are not real."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add the header of the sandbox."""
        if client_from_settings().sandbox:
            response[SANDBOX_HEADER] = "true"
        return super().finalize_response(request, response, *args, **kwargs)


class PlaceCallView(VapiView):
    """`POST /call`: place a phone call, or one for each of several customers."""

    def post(self, request: Request) -> Response:
        """Answer what Vapi answers."""
        now = timezone.now()
        wanted = read_call(request, Channel.OUTBOUND, now=now)
        key, client = asking_key(request), client_from_settings()
        answered = answer_once(
            read_identity(request),
            now=now,
            run=lambda claim: _place(wanted, api_key=key, client=client, now=now, claim=claim),
        )
        return Response(answered.body, status=HTTPStatus.CREATED, headers=REPLAYED if answered.replayed else None)


class PlaceWebCallView(VapiView):
    """`POST /call/web`: open a room for a call from a web page."""

    permission_classes = [HasKey]
    throttle_classes = [PageThrottle]

    def check_permissions(self, request: Request) -> None:
        """Let everybody ask whether they may ask: browsers send no key with a preflight."""
        if request.method != "OPTIONS":
            super().check_permissions(request)
            check_origin(request)

    def post(self, request: Request) -> Response:
        """Answer what Vapi answers."""
        now = timezone.now()
        wanted = read_call(request, Channel.WEB, now=now)
        answer = place_web_call(wanted, api_key=asking_key(request), client=client_from_settings(), now=now)
        return Response(answer, status=HTTPStatus.CREATED)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Answer a preflight."""
        return Response(status=HTTPStatus.NO_CONTENT, headers=PREFLIGHT)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Let the page read the answer, errors included."""
        final = super().finalize_response(request, response, *args, **kwargs)
        for name, value in allow_headers(request).items():
            final[name] = value
        final["Vary"] = "Origin"
        return final


class PlacedCallView(VapiView):
    """`GET /call/{id}`: a call at Vapi, if it was placed through here."""

    def get(self, request: Request, known_as: str) -> Response:
        """Answer what Vapi answers."""
        answer = get_placed_call(known_as, client=client_from_settings())
        if answer is None:
            raise NotFound(NO_SUCH_CALL.format(id=known_as))
        return Response(answer)


class ResolveView(APIView):
    """`POST /resolve`: who would take a call. Nothing is placed and nothing is recorded."""

    def post(self, request: Request) -> Response:
        """Answer the decision, explained if asked for."""
        wants_explanation = _wants_explanation(request)
        prepared = prepare_call(read_resolve(request, now=timezone.now()))
        answer = render_resolution(prepared)
        if wants_explanation:
            answer["rules"] = describe_rules(explain_decided(prepared.decided))
        return Response(answer)


class CallListView(APIView):
    """`GET /calls`: routed calls, newest first."""

    def get(self, request: Request) -> Response:
        """Answer one page."""
        query = CallFilterSerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        values = dict(query.validated_data)
        limit, after = values.pop("limit"), read_cursor(values.pop("cursor", None))
        since, before = values.pop("from", None), values.pop("to", None)
        page = list_calls(CallFilter(**values, since=since, before=before), limit=limit, after=after)
        results = [CallSerializer(call).data for call in page.calls]
        return Response({"results": results, "next": next_address(request, page.last)})


class CallView(APIView):
    """`GET /calls/{id}`: one routed call, by our id or Vapi's."""

    def get(self, request: Request, known_as: str) -> Response:
        """Answer the call, explained by its own revision if asked for."""
        wants_explanation = _wants_explanation(request)
        call = find_call(known_as)
        if call is None:
            raise NotFound(NO_SUCH_CALL.format(id=known_as))
        answer = dict(CallSerializer(call).data)
        if wants_explanation:
            answer["rules"] = describe_rules(explain_call(call))
        return Response(answer)


class NothingHereView(APIView):
    """Whatever else is asked of the API, so that this error too has Vapi's shape."""

    permission_classes: list[type[BasePermission]] = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse before any method is looked for."""
        raise NotFound(f"There is nothing at {request.path}.")


def _place(wanted: CallRequest, **placing: Any) -> dict[str, Any]:
    return place_batch(read_batch(wanted), **placing) if is_batch(wanted) else place_call(wanted, **placing)


def _wants_explanation(request: Request) -> bool:
    asked = request.query_params.get("explain", "0")
    if asked not in {"0", "1", "false", "true"}:
        raise ValidationError({"explain": "must be 1 or 0."})
    return asked in {"1", "true"}
