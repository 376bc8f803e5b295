"""How large a picture unfolds: its header says it, and it is read before anything else is."""

from __future__ import annotations

import warnings
from typing import BinaryIO

from PIL import Image

# What we decode ourselves takes four bytes a pixel; what a browser shows, it decodes for whoever looks at it.
DECODED = 25_000_000
SHOWN = 60_000_000


def pixels_of(file: BinaryIO) -> int | None:
    """How many pixels the header promises (of one frame); None where it cannot be read.

    Leaves the file at its beginning.
    """
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(file, formats=("JPEG", "PNG", "WEBP", "GIF"))
            return int(picture.width * picture.height)
    except Image.DecompressionBombError:
        return 2 * SHOWN
    except (OSError, ValueError, SyntaxError):  # UnidentifiedImageError is an OSError
        return None
    finally:
        file.seek(0)
