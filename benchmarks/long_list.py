"""A number list of any length, written by the database itself: a million rows of the ORM take half a minute."""

from __future__ import annotations

from django.db import connection

from routing.models import NumberList, NumberListEntry


def fill(number_list: NumberList, first: int, upto: int) -> None:
    """Put the numbers of these places on the list, on PostgreSQL or SQLite; statements may have to be unlimited."""
    columns = "number_list_id, number, label, variables"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {NumberListEntry._meta.db_table} ({columns})"
            " WITH RECURSIVE places(n) AS (SELECT %s UNION ALL SELECT n + 1 FROM places WHERE n < %s)"
            " SELECT %s, '+1415' || CAST(2000000 + n AS text), '', '{}' FROM places",
            [first, upto - 1, number_list.pk],
        )
