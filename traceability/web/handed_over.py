"""Photographs and reports that come with a form: looked at, re-encoded, kept."""

from collections.abc import Callable
from contextlib import closing

from flask import request
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from traceability.domain.errors import Refused
from traceability.operations.kept_files import KeptContent, keep_picture, keep_upload
from traceability.pictures import MOST_BYTES, store_picture
from traceability.uploads import check_report
from traceability.web.acts import doing
from traceability.web.services import services

KINDS = ("photograph", "report")


def chosen_files(kind: str) -> list[FileStorage]:
    """The files of a field into which something was put."""
    return [file for file in request.files.getlist(kind) if file.filename]


def keep(file: FileStorage, kind: str, put: Callable[[Session, KeptContent, str], bool], *, act: str) -> None:
    """Keeps one file and gives its row to `put` in the same act, which says whether it is new. Refused: those of pictures and reports."""
    name = (file.filename or "").replace("\0", "").replace("\\", "/").rpartition("/")[2]
    with closing(file):
        content = file.stream.read(MOST_BYTES + 1)
    if kind == "photograph":
        picture = store_picture(content)
        with doing(act) as session:
            row = keep_picture(
                session,
                content=picture.content,
                sha256=picture.sha256,
                media_type=picture.media_type,
                size_px=(picture.width_px, picture.height_px),
            )
            put(session, row, name)
        return
    _keep_report(content, name, put, act)


def _keep_report(content: bytes, name: str, put: Callable[[Session, KeptContent, str], bool], act: str) -> None:
    around = services()
    checked = check_report(content)
    if len(content) > MOST_BYTES:
        raise Refused("picture_large", most_mb=MOST_BYTES // 1024 // 1024)
    # First to the disk: a row without its file would be worse than a file without its row.
    stored = around.uploads.put(checked.content)
    try:
        with doing(act) as session:
            row = keep_upload(
                session,
                name=stored,
                media_type=checked.media_type,
                size_bytes=len(checked.content),
                sha256=checked.sha256,
                now=around.clock(),
            )
            kept = put(session, row, name)
            if not kept:
                session.delete(row)
    except BaseException:
        around.uploads.remove(stored)
        raise
    if not kept:
        around.uploads.remove(stored)
