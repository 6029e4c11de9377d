"""The answers that a plan has got so far, in a file beside its output: started again, it goes on where it stopped."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pipeline.storage import StorageError


class Memory(AbstractContextManager["Memory"]):
    """Questions and answers. What is written survives a kill; a question is asked once. Raises StorageError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.asked = 0
        """Questions that were not known before."""
        try:
            self._file = sqlite3.connect(path, isolation_level=None)  # every statement commits by itself
            self._file.execute("CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, answer TEXT NOT NULL)")
        except sqlite3.Error as error:
            raise self._broken(error) from None

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def recall(self, question: str, ask: Callable[[], tuple[Any, bool]]) -> Any:
        """The answer to a question, which is asked if it is not known; `ask` says whether to remember its answer."""
        try:
            row = self._file.execute("SELECT answer FROM answers WHERE question = ?", (question,)).fetchone()
            if row:
                return json.loads(row[0])
            self.asked += 1
            answer, lasting = ask()
            if lasting:
                self._file.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (question, json.dumps(answer)))
        except sqlite3.Error as error:
            raise self._broken(error) from None
        return answer

    def _broken(self, error: sqlite3.Error) -> StorageError:
        return StorageError(f"{self._path} cannot be used: {error}; remove it to begin anew")
