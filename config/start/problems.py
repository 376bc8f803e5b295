"""What can go wrong before anything runs, as a sentence for the person at the keyboard."""

import errno
from pathlib import Path


class Problem(Exception):
    """One clear sentence; the launcher prints it and exits with status 1."""


def explain(error: OSError, folder: Path | str) -> Problem:
    """A full, read-only or forbidden folder in words."""
    where = error.filename or folder
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Problem(f"There is no space left for {where}; free some, or set DATA_DIR to a folder on another disk.")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return Problem(
            f"{where} is not writable for this user; change its permissions, or set DATA_DIR to another folder."
        )
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return Problem(f"{where} is in the way: a folder is needed there; move the file, or set DATA_DIR elsewhere.")
    return Problem(f"{where}: {error.strerror or error}.")
