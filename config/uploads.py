"""Files that browsers send: the disk takes no more of them than any form does, and none of strangers."""

from typing import Any

from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler

LARGEST_KEPT = 32 * 1024 * 1024  # more than any form takes


class BoundedUpload(TemporaryFileUploadHandler):
    """Keeps the beginning of a file and counts the rest, so that the form can say that it is too large."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file, if staff send it. All of it is read in any case: a form's token may stand behind it."""
        if self.request is None or not self.request.user.is_staff:
            raise SkipFile
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a piece, unless enough was written."""
        if start < LARGEST_KEPT:
            super().receive_data_chunk(raw_data, start)
