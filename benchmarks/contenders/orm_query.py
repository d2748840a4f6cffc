"""What reading one row by an indexed number costs: the least that a decision in the database can cost."""

from __future__ import annotations

from benchmarks.contenders.workload import DEFAULT, Decide, Facts, Rule
from benchmarks.postgres import patient_cursor
from routing.models import NumberList, NumberListEntry

WAITS = True  # for PostgreSQL


def load(rules: list[Rule]) -> Decide:
    """Fill a table with one row a rule."""
    number_list = NumberList.objects.create(name="Rules", key="rules")
    entries = [
        NumberListEntry(number_list=number_list, number=f"+1415{2_000_000 + place:07}", label=rule["key"])
        for place, rule in enumerate(rules)
    ]
    NumberListEntry.objects.bulk_create(entries, batch_size=10_000)
    with patient_cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {NumberListEntry._meta.db_table}")
    of_list = NumberListEntry.objects.filter(number_list=number_list)

    def decide(facts: Facts) -> str:
        found = of_list.filter(number=facts["customer"]).values_list("label", flat=True).first()
        return found or DEFAULT

    return decide
