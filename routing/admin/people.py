"""Users and groups, in the theme's look."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from routing.admin.base import RowAdmin

if TYPE_CHECKING:
    ThemedUserAdmin = DjangoUserAdmin[User]
    ThemedGroupAdmin = DjangoGroupAdmin
else:

    class ThemedUserAdmin(DjangoUserAdmin, RowAdmin):
        """Django's pages for users, drawn by the theme."""

    class ThemedGroupAdmin(DjangoGroupAdmin, RowAdmin):
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
