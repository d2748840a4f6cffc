"""What it means that a server message was refused, and what to do about it."""

from collections.abc import Mapping

from routing.models import WebhookOutcome
from routing.services.count_messages import Sighting
from routing.vapi.refusal import Refusal, RefusalKind, read_refusal
from routing.vapi.signing import TOLERANCE_SECONDS

AT_VAPI = "the credential of the number's server at Vapi"

# Reason -> what happened (about stands for the header), and what to do.
REFUSALS: Mapping[RefusalKind, tuple[str, str]] = {
    RefusalKind.UNREADABLE: (
        "The webhook secrets could not be read.",
        "Look into the log of the server: a secret may be encrypted with a key that ENCRYPTION_KEYS no longer holds.",
    ),
    RefusalKind.NO_SECRETS: (
        "No webhook secret is configured here, so every message is refused.",
        "Add a webhook secret, and give the same one to Vapi.",
    ),
    RefusalKind.NO_HEADER: (
        "The request had no secret: none of these headers came: {about}.",
        f"Choose {AT_VAPI}. If it was not Vapi, somebody else has found the address: nothing is to be done.",
    ),
    RefusalKind.NO_PREFIX: (
        "The header {about} came without the word Bearer before the token.",
        "Switch the prefix on at Vapi, or switch “Bearer before the token” off in the webhook secret here.",
    ),
    RefusalKind.EXPIRED: (
        "The webhook secret for the header {about} has expired.",
        "Change its end here, or give Vapi a new secret.",
    ),
    RefusalKind.NO_TIMESTAMP: (
        "The signature came without a usable timestamp in {about}.",
        "Let Vapi send the timestamp in that header, or switch “timestamp is signed” off in the webhook secret here.",
    ),
    RefusalKind.NO_MESSAGE_ID: (
        "The signature came without a message id in {about}.",
        "Let Vapi send the id in that header, or take {{svix-id}} out of the signed text here.",
    ),
    RefusalKind.CLOCK: (
        "The clocks differ: {about}. More than "
        f"{TOLERANCE_SECONDS // 60} minutes are refused, so that nobody can send an old message again.",
        "Set the clock of this machine (timedatectl, chrony or ntp); Vapi's is right.",
    ),
    RefusalKind.WRONG_SECRET: (
        "The secret in the header {about} is none of ours.",
        f"Copy the secret once more into {AT_VAPI}: both sides must hold the very same text.",
    ),
    RefusalKind.WRONG_SIGNATURE: (
        "The signature in {about} does not fit.",
        "Compare secret, algorithm, encoding and signed text with the credential at Vapi. Behind a proxy, PUBLIC_URL "
        "must be the address that Vapi calls, and nothing may change the body on its way.",
    ),
}
BODIES: Mapping[WebhookOutcome, tuple[str, str]] = {
    WebhookOutcome.NOT_JSON: (
        "The body was no JSON, though the secret was right ({about}).",
        "Look for a proxy that changes what passes through it.",
    ),
    WebhookOutcome.TOO_LARGE: (
        "The body was larger than 5 MiB.",
        "Take large parts out of the server messages of the assistant at Vapi, for example the messages of artifacts.",
    ),
}


def refusal_words(seen: Sighting) -> tuple[str, str]:
    """Return why the message was refused, and what to do."""
    if seen.outcome in BODIES:
        what, advice = BODIES[seen.outcome]
        return what.format(about=seen.detail), advice
    refusal = read_refusal(seen.detail)
    if refusal is None:
        return "The secret was not right.", "Compare the webhook secrets here with the credential at Vapi."
    what, advice = REFUSALS[refusal.kind]
    return what.format(about=_about(refusal)), advice.format()


def _about(refusal: Refusal) -> str:
    if refusal.kind is not RefusalKind.CLOCK:
        return refusal.about
    seconds = int(refusal.about) if refusal.about.lstrip("+-").isdecimal() else 0
    return f"ours is {abs(seconds):,} s {'ahead of' if seconds > 0 else 'behind'} the message"
