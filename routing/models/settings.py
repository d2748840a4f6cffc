"""What holds for the whole routing table."""

from django.db import models
from django.db.models import Q

from routing.models.fields import check, object_field
from routing.models.numbers import OurNumber
from routing.models.targets import Target


class TableSettings(models.Model):
    """The one row of what holds for the whole table."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    default_target = models.ForeignKey(
        Target,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="default target",
        help_text="Takes every call that no rule takes. Needed before the table can be published.",
    )
    blocked_target = models.ForeignKey(
        Target,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="target of blocked callers",
        help_text="What callers on a blocked list get. Empty: a plain sentence, then the call ends.",
    )
    default_number = models.ForeignKey(
        OurNumber,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="default number",
        help_text="Caller id of outbound calls that name none. Not needed while there is only one number.",
    )
    overrides = object_field("overrides", "Settings that change for every call; targets and rules stand above them.")

    class Meta:
        verbose_name = "table settings"
        verbose_name_plural = "table settings"
        constraints = [check("tablesettings_one_row", Q(id=1), "There is one row of table settings: edit it.", "id")]

    def __str__(self) -> str:
        return "Table settings"

    @classmethod
    def load(cls) -> "TableSettings":
        """Return the row; it is made where a restored database lacks it."""
        return cls.objects.get_or_create(pk=1)[0]

    @classmethod
    def lock(cls) -> "TableSettings":
        """Make others who change the table's order wait until this transaction ends."""
        cls.objects.get_or_create(pk=1)
        return cls.objects.select_for_update().get(pk=1)
