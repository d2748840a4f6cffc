"""The one seam over the admin theme: the other modules take their classes and widgets from here."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold import widgets
from unfold.paginator import InfinitePaginator as InfinitePaginator

from routing.admin.json_fields import LinesField, ObjectField
from routing.engine.table import CUSTOMER_LOCAL_TIME

Row = TypeVar("Row", bound=models.Model)
Parent = TypeVar("Parent", bound=models.Model)
Shown = TypeVar("Shown", bound=Callable[..., object])

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList as ChangeList

    class _ThemeAdmin(admin.ModelAdmin[Row]): ...

    class _SharedPage: ...  # every page keeps the type of its rows

    class _ThemeInline(admin.TabularInline[Row, Parent]): ...

    class RowFormSet(BaseInlineFormSet[Row, Parent, forms.ModelForm[Row]]):
        """A formset of an inline."""

    RowForm = forms.ModelForm

    def display(
        *, description: str, ordering: str = "", label: dict[str, str] | None = None, boolean: bool = False
    ) -> Callable[[Shown], Shown]:
        """Describe a column that is made by a method."""

else:
    from unfold.admin import ModelAdmin, TabularInline
    from unfold.decorators import display as display
    from unfold.forms import PaginationInlineFormSet
    from unfold.views import ChangeList as ChangeList

    from routing.admin.stamped_page import StampedPage as _SharedPage

    class _Subscriptable:
        """Lets a class be written with the row type that only type checkers look at."""

        def __class_getitem__(cls, _: object) -> type:
            return cls

    class _ThemeAdmin(_Subscriptable, ModelAdmin): ...

    class _ThemeInline(_Subscriptable, TabularInline): ...

    class RowFormSet(_Subscriptable, PaginationInlineFormSet):
        """A formset of an inline."""

    class RowForm(_Subscriptable, forms.ModelForm):
        """A form for one row."""


TextWidget = widgets.UnfoldAdminTextInputWidget
TextAreaWidget = widgets.UnfoldAdminTextareaWidget
PasswordWidget = widgets.UnfoldAdminPasswordWidget
SelectWidget = widgets.UnfoldAdminSelectWidget
SearchSelectWidget = widgets.UnfoldAdminSelect2Widget
SearchManyWidget = widgets.UnfoldAdminSelect2MultipleWidget
CheckboxesWidget = widgets.UnfoldAdminCheckboxSelectMultipleWidget
RadioWidget = widgets.UnfoldAdminRadioSelectWidget
BooleanWidget = widgets.UnfoldBooleanWidget
FileWidget = widgets.UnfoldAdminFileFieldWidget

LINES_HELP = "One a line."
# The browser's own calendar. The theme's warns, in red, of a clock that differs from the server's: a day has none.
DAYS: Any = {models.DateField: {"widget": TextWidget(attrs={"type": "date"})}}


class _Fields:
    """Chooses the form field of columns that the theme knows nothing about."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return lines or an object for JSON, a searchable list for time zones, the theme's own field for the rest."""
        if isinstance(db_field, models.JSONField):
            return _json_field(db_field, **kwargs)
        if db_field.name == "timezone":
            return _zone_field(db_field, **kwargs)
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # a mixin


class RowAdmin(_SharedPage, _Fields, _ThemeAdmin[Row]):
    """What all our admin pages share."""

    list_per_page = 50
    warn_unsaved_form = True
    formfield_overrides = {**DAYS, models.TextField: {"widget": TextAreaWidget(attrs={"rows": 3})}}

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return what would go away, without the lines inside a row: they go with it, and look like other rows."""
        found: Any
        found, counts, lacking, protected = super().get_deleted_objects(objs, request)
        own = {str(model._meta.verbose_name_plural) for model in self.admin_site._registry}
        kept = {name: count for name, count in counts.items() if str(name) in own}
        return [it for it in found if not isinstance(it, list)], kept, lacking, protected


class RowInline(_Fields, _ThemeInline[Row, Parent]):
    """Rows that are edited inside their parent's page."""

    formfield_overrides = DAYS
    extra = 0
    hide_title = True  # a line's own fields say what it is


class LogAdmin(RowAdmin[Row]):
    """Rows that are read and never written here; a big table is never counted as a whole."""

    actions = None
    show_full_result_count = False
    paginator = InfinitePaginator
    show_facets = admin.ShowFacets.NEVER
    empty_hint = ""  # what an empty list says below "none yet": where rows come from

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds to a log by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Nobody changes what happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Nobody removes what happened."""
        return False


def preformatted(text: str) -> SafeString:
    """Return text that keeps its lines on the page."""
    return format_html('<pre class="sb-pre" tabindex="0">{}</pre>', text)


def as_sentence(message: str) -> str:
    """Return a message of the engine as it stands under a field: a capital first, a full stop last."""
    return f"{message[:1].upper()}{message[1:].rstrip('.')}."


def check_days(form: Any, first: str, last: str) -> None:
    """Say at the right field what is wrong with a pair of days and their time zone."""
    data = form.cleaned_data
    starts, ends = data.get(first), data.get(last)
    if starts and ends and ends < starts:
        form.add_error(last, f"The last day, {ends}, is before the first day, {starts}.")
    if (starts or ends) and "timezone" in data and not data["timezone"]:
        form.add_error("timezone", "Choose the time zone of the first and last day.")


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """Return the time zones of this machine by name."""
    return tuple(sorted(available_timezones()))


def _json_field(column: Any, **kwargs: Any) -> forms.Field:
    options = {"label": column.verbose_name.capitalize(), "help_text": column.help_text} | kwargs
    is_object = column.default is dict
    make = ObjectField if is_object else LinesField
    field: forms.Field = make(required=not column.blank, **options)
    if "widget" not in kwargs:
        field.widget = TextAreaWidget(attrs={"rows": 5 if is_object else 3, "spellcheck": "false"})
    return field


def _zone_field(column: Any, **kwargs: Any) -> forms.Field:
    options = {"label": column.verbose_name.capitalize(), "help_text": column.help_text} | kwargs
    first = [("", "Choose a time zone")]
    if not column.blank:  # only a schedule always has a zone, and only it may follow the customer
        first.append((CUSTOMER_LOCAL_TIME, "Customer's local time"))
    return forms.ChoiceField(
        required=not column.blank,
        choices=lambda: [*first, *((name, name) for name in zone_names())],
        widget=SearchSelectWidget(),
        **options,
    )
