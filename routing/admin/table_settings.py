"""Table settings: the one row of what holds for the whole table."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from routing.admin.base import RowAdmin, RowForm
from routing.admin.overrides_field import OverridesField
from routing.models import TableSettings


class TableSettingsForm(RowForm[TableSettings]):
    """Overrides as rows and JSON."""

    overrides = OverridesField(
        required=False, help_text="Settings of every assistant and squad; targets and rules lie over them."
    )


@admin.register(TableSettings)
class TableSettingsAdmin(RowAdmin[TableSettings]):
    """The list of one row leads straight to it."""

    form = TableSettingsForm
    autocomplete_fields = ("default_target", "blocked_target", "default_number")
    fields = ("default_target", "blocked_target", "default_number", "overrides")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Go to the row."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return redirect("admin:routing_tablesettings_change", TableSettings.load().pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one row."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TableSettings | None = None) -> bool:
        """There must be one row."""
        return False
