"""What all of our seekable streams have in common."""

from __future__ import annotations

import io
from typing import Any


class ReadStream(io.RawIOBase):
    """A stream that is read and sought in; who inherits says `read` and `seek`, and keeps `_position`."""

    _position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer)) or b""
        buffer[: len(data)] = data
        return len(data)
