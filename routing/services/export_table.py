"""The routing table as a file."""

from routing.engine.document import read_document, write_document
from routing.models import Revision
from routing.snapshot.rows import table_from_rows
from routing.snapshot.tablefile import write_text


class RevisionUnknown(LookupError):
    """There is no revision of that number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no revision {number}.")


def export_table(*, style: str = "yaml", with_entries: bool = False, revision: int | None = None) -> str:
    """Return the draft, or a revision, as text in `yaml` or `json`; raises RevisionUnknown.

    A revision holds no entries of lists, so ``with_entries`` counts for the draft only.
    """
    if revision is None:
        return write_text(write_document(table_from_rows(with_entries=with_entries), with_entries=with_entries), style)
    document = Revision.objects.filter(number=revision).values_list("document", flat=True).first()
    if document is None:
        raise RevisionUnknown(revision)
    return write_text(_in_order(document), style)


def _in_order(document: dict[str, object]) -> dict[str, object]:
    """PostgreSQL sorts the keys of a stored document in its own way; people expect the order of the README."""
    return write_document(read_document(document))
