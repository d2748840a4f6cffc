"""Columns and constraints that several models share."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Q

from routing.engine.numbers import is_sip_uri, normalise_sip_uri, to_e164

# ITU-T E.164: a country code that does not begin with 0, at most 15 digits in all. `\Z`, because Python's `$` lets a
# final line break pass; PostgreSQL knows it too.
E164_PATTERN = r"^\+[1-9][0-9]{1,14}\Z"


class E164Field(models.CharField):
    """A telephone number. Forms may send it in any usual way of writing; the column holds E.164."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 16)
        super().__init__(*args, **kwargs)

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        """Return the number in E.164, read with the default region, or say what is wrong with it."""
        text = str(value or "").strip()
        if not text:
            return super().clean(None if self.null else "", model_instance)
        number = to_e164(text, settings.ROUTING_DEFAULT_REGION)
        if number is None:
            raise ValidationError(
                f"{text} is not a telephone number: write it with + and country code, for example +12025550111."
            )
        return super().clean(number, model_instance)


class SipUriField(models.CharField):
    """A SIP address, kept with its host in lower case."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 255)
        super().__init__(*args, **kwargs)

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        """Return the address in its normal form, or say what is wrong with it."""
        text = str(value or "").strip()
        if not text:
            return super().clean(None if self.null else "", model_instance)
        if not is_sip_uri(text):
            raise ValidationError(f"{text} is not a SIP address: write it as sip:name@example.com.")
        return super().clean(normalise_sip_uri(text), model_instance)


def validate_object(value: object) -> None:
    """Refuse JSON that is not an object."""
    if not isinstance(value, dict):
        raise ValidationError('This must be a JSON object, for example {"variableValues": {"brand": "Acme"}}.')


def validate_texts(value: object) -> None:
    """Refuse JSON that is not a list of texts without repetition."""
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise ValidationError('This must be a list of texts, for example ["one", "two"].')
    if len(set(value)) < len(value):
        raise ValidationError("The same entry stands twice: remove one.")


def texts_of(value: object) -> list[str]:
    """Return the texts of a column's list; a column that holds something else says so itself."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def raise_at_fields(mistakes: Mapping[str, str]) -> None:
    """Raise a ValidationError with the engine's messages at their fields, if there are any."""
    if mistakes:
        raise ValidationError({name: message[:1].upper() + message[1:] for name, message in mistakes.items()})


def object_field(verbose_name: str, help_text: str) -> "models.JSONField[Any, Any]":
    """Return a column for a free JSON object."""
    return models.JSONField(verbose_name, default=dict, blank=True, validators=[validate_object], help_text=help_text)


def texts_field(
    verbose_name: str, help_text: str, *, validators: Iterable[Callable[[object], None]] = ()
) -> "models.JSONField[Any, Any]":
    """Return a column for an ordered list of texts; ``validators`` refuse more than other types and repetition."""
    return models.JSONField(
        verbose_name, default=list, blank=True, validators=[validate_texts, *validators], help_text=help_text
    )


class FieldCheck(models.CheckConstraint):
    """A database constraint whose message stands at one field of a form, not above all of them."""

    def __init__(self, *, field: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.field = field

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = DEFAULT_DB_ALIAS) -> None:
        """Raise the constraint's message at its field; nothing is checked while a field of it is left out."""
        try:
            super().validate(model, instance, exclude=exclude, using=using)
        except ValidationError as error:
            if exclude and self.field in exclude:
                raise
            raise ValidationError({self.field: error.messages}) from error

    def deconstruct(self) -> Any:
        """Stand in migrations as Django's own class: where a message is shown is no matter of the database."""
        _, args, kwargs = super().deconstruct()
        return "django.db.models.CheckConstraint", args, kwargs

    def clone(self) -> "FieldCheck":
        """Return a copy."""
        _, _, kwargs = self.deconstruct()
        return FieldCheck(field=self.field, **kwargs)


def check(name: str, condition: Q, message: str, field: str) -> FieldCheck:
    """Return a database constraint whose message, shown at the field, tells staff what to do."""
    return FieldCheck(condition=condition, name=name, violation_error_message=message, field=field)


def check_choice(name: str, field: str, allowed: Iterable[str]) -> FieldCheck:
    """Return the constraint that a column holds one of its choices."""
    words = list(allowed)
    shown = ", ".join(word or "(empty)" for word in words)
    return check(name, Q(**{f"{field}__in": words}), f"The {field.replace('_', ' ')} must be one of: {shown}.", field)


def check_e164(name: str, field: str, *, blank: bool = False) -> FieldCheck:
    """Return the constraint that a column holds E.164 (or nothing: null, and with `blank` also empty text)."""
    condition = Q(**{f"{field}__regex": E164_PATTERN}) | Q(**{f"{field}__isnull": True})
    if blank:
        condition |= Q(**{field: ""})
    return check(
        name, condition, f"The {field.replace('_', ' ')} must have + and country code, for example +12025550111.", field
    )


def exactly_one(first: str, second: str) -> Q:
    """Return the condition that one of two nullable columns stands and the other does not."""
    return Q(**{f"{first}__isnull": False, f"{second}__isnull": True}) | Q(
        **{f"{first}__isnull": True, f"{second}__isnull": False}
    )


class ProtectingManyToManyField(models.ManyToManyField):
    """A many-to-many link that keeps the other side from being deleted while it is used.

    Django's own link tables cascade: deleting a list would silently widen every rule that names it. A hand-written
    link model could protect, but the admin refuses to edit a field that has one.
    """

    # Django's own method takes no more than this, whatever its stub says.
    def contribute_to_class(self, cls: type[models.Model], name: str, **kwargs: Any) -> None:  # type: ignore[override]
        """Create the link table as Django does, then protect its far end."""
        super().contribute_to_class(cls, name, **kwargs)
        through: Any = self.remote_field.through
        if isinstance(through, str) or not through or not through._meta.auto_created:
            return
        near, far = [field for field in through._meta.local_fields if field.remote_field][:2]
        far.remote_field.on_delete = models.PROTECT
        through._meta.verbose_name = cls._meta.verbose_name
        through.__str__ = lambda link: str(getattr(link, near.name))  # what the admin shows as the reason
