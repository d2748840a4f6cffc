"""Files that browsers send: the disk takes no more of them than any form does."""

from django.core.files.uploadhandler import TemporaryFileUploadHandler

LARGEST_KEPT = 32 * 1024 * 1024  # more than any form takes


class BoundedUpload(TemporaryFileUploadHandler):
    """Keeps the beginning of a file and counts the rest, so that the form can say that it is too large."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a piece, unless enough was written."""
        if start < LARGEST_KEPT:
            super().receive_data_chunk(raw_data, start)
