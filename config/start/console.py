"""What the launcher prints: calm sentences, and the programs' lines with their names in front."""

import io
import sys
from typing import TextIO

COLORS = {"web": "36", "worker": "35", "beat": "34", "postgres": "33", "broker": "32", "prepare": "37"}


class Console:
    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        if isinstance(self.stream, io.TextIOWrapper):
            self.stream.reconfigure(errors="replace")  # a terminal that knows no "…" still gets the sentence
        self.interactive = self.stream.isatty()
        self._progress = False

    def say(self, text: str) -> None:
        self._clear()
        self._write(text + "\n")

    def progress(self, text: str) -> None:
        """A line that the next one replaces; nothing where nobody watches."""
        if self.interactive:
            self._clear()
            self._write(text[:100])
            self._progress = bool(text)

    def line(self, program: str, text: str) -> None:
        self._clear()
        name = f"{program:<8}"
        if self.interactive:
            name = f"\x1b[{COLORS.get(program, '37')}m{name}\x1b[0m"
        self._write(f"{name} {text}\n")

    def _clear(self) -> None:
        if self._progress:
            self._write("\r\x1b[K")
            self._progress = False

    def _write(self, text: str) -> None:
        # A closed terminal or pipe must not take the servers down before they are stopped in order.
        try:
            self.stream.write(text)
            self.stream.flush()
        except (BrokenPipeError, OSError, ValueError):
            pass
