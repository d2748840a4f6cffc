"""Users and groups, in the theme's look."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from routing.admin.base import RowAdmin, SearchManyWidget

if TYPE_CHECKING:
    ThemedUserAdmin = DjangoUserAdmin[User]
    ThemedGroupAdmin = DjangoGroupAdmin
else:

    class _SearchedChoices:
        """Choose permissions and groups by typing; the two boxes side by side do not fit on a phone."""

        filter_horizontal = ()

        def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
            field = super().formfield_for_manytomany(db_field, request, widget=SearchManyWidget(), **kwargs)
            field.help_text = ""
            field.widget.attrs["class"] = "unfold-admin-autocomplete admin-autocomplete"  # the theme has replaced it
            return field

    class ThemedUserAdmin(_SearchedChoices, DjangoUserAdmin, RowAdmin):
        """Django's pages for users, drawn by the theme."""

    class ThemedGroupAdmin(_SearchedChoices, DjangoGroupAdmin, RowAdmin):
        """Django's pages for groups, drawn by the theme."""


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(ThemedUserAdmin):
    """Who may log in, and what they may do."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(ThemedGroupAdmin):
    """Permissions that several people share."""
