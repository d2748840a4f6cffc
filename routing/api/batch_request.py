"""From the `customers` of a request to `/call` to one request for each of them.

Schema: `CreateCallDTO` of Vapi's API.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from routing.api.call_request import read_customer
from routing.services.place_batch import BatchRequest
from routing.services.prepare_call import CallRequest, InvalidCall

MOST_CUSTOMERS = 10_000


def is_batch(wanted: CallRequest) -> bool:
    """Tell whether a request is for several calls."""
    return wanted.body.get("customers") is not None


def read_batch(wanted: CallRequest) -> BatchRequest:
    """Return each customer's request; raises InvalidCall for what cannot be understood as a batch at all."""
    customers = wanted.body["customers"]
    for field in ("customer", "customerId"):
        if wanted.body.get(field):
            raise InvalidCall("customers", f"stands beside {field}: send one of them.")
    if not isinstance(customers, list):
        raise InvalidCall("customers", "must be a list.")
    if not customers:
        raise InvalidCall("customers", "is empty: send at least one customer.")
    if len(customers) > MOST_CUSTOMERS:
        raise InvalidCall("customers", f"holds {len(customers)} customers: send at most {MOST_CUSTOMERS} at once.")
    body = {key: value for key, value in wanted.body.items() if key not in {"customers", "customer", "customerId"}}
    shared = replace(wanted, body=body)
    requests = tuple(_read_one(shared, customer) for customer in customers)
    return BatchRequest(shared=shared, customers=tuple(customers), requests=requests)


def _read_one(shared: CallRequest, given: object) -> CallRequest | InvalidCall:
    """One customer that cannot be read must not keep the others from being called, so it gets a complaint."""
    if not isinstance(given, Mapping):
        return InvalidCall("customer", "must be an object.")
    body = {**shared.body, "customer": given}
    try:
        customer = read_customer(body, required=True)
    except InvalidCall as complaint:
        return complaint
    number, external_id = customer.get("number") or customer.get("sipUri"), customer.get("externalId") or None
    return replace(shared, body=body, context=replace(shared.context, customer=number, external_id=external_id))
