"""The hashes of everything that came from outside, recorded at first use and held against it ever after.

`lock.toml` in the run folder names inputs and models with their sha256. What tells cheaply that an object was touched
(an ETag, a modification time) is kept apart in `.run/`, since it is a fact of a place and a moment.
"""

from __future__ import annotations

import json
import posixpath
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

from manifests import ManifestError, Receipt
from pipeline.outside import Outside, Shard
from pipeline.stage import Unit
from pipeline.storage import RunFolder, StorageError

LOCK = "lock.toml"
SEEN = ".run/seen.json"
SAVE_EVERY = 100
"""Inputs after which what is known is written in the middle of a stage, too."""


@dataclass
class Lock:
    """What one run knows of the outside world. `pins` are the hashes that the manifest demands, by input key."""

    run: RunFolder
    models: Mapping[str, str] = field(default_factory=dict)
    pins: Mapping[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    new: int = 0
    """Inputs whose hash was recorded for the first time, without a pin to hold it against."""

    def __post_init__(self) -> None:
        self._unsaved = 0
        self._written: dict[str, str] = {}
        self._seen: dict[str, str] = json.loads(self.run.read(SEEN)) if self.run.exists(SEEN) else {}

    def took(self, receipt: Receipt, unit: Unit) -> None:
        """Record what a unit has read."""
        versions = {shard.key: shard.version for shard in unit.inputs}
        for file in receipt.inputs:
            self.inputs[file.path] = file.sha256
            self._seen[file.path] = versions[file.path]
            self.new += file.path not in self.pins
            self._unsaved += 1
        if self._unsaved >= SAVE_EVERY:
            self.save()

    def touched(self, receipt: Receipt, unit: Unit) -> list[str]:
        """Inputs of a standing receipt whose content is not what it was. Only what may have been touched is read."""
        read = {file.path: file.sha256 for file in receipt.inputs}
        self.inputs.update(read)
        return [
            f"input {shard.key}: its content changed"
            for shard in unit.inputs
            if self._content(shard, read[shard.key]) != self.pins.get(shard.key, read[shard.key])
        ]

    def _content(self, shard: Shard, recorded: str) -> str:
        """The sha256 of an input now: the recorded one unless something tells that it may have been touched."""
        if shard.listed or (shard.version and self._seen.get(shard.key) == shard.version):
            return recorded
        sha256 = shard.open().finish().sha256
        if sha256 == recorded:
            self._seen[shard.key] = shard.version
        return sha256

    def save(self) -> None:
        """Write what is known, if that is not what stands written."""
        self._unsaved = 0
        toml = _table("inputs", self.inputs) + "\n" + _table("models", self.models)
        for path, text in ((LOCK, toml), (SEEN, json.dumps(self._seen, sort_keys=True))):
            if self._written.get(path) != text:
                self.run.write(path, text.encode())
                self._written[path] = text


def _table(name: str, hashes: Mapping[str, str]) -> str:
    lines = (f'{json.dumps(key, ensure_ascii=False)} = "{hashes[key]}"' for key in sorted(hashes))
    return "\n".join([f"[{name}]", *lines, ""])


def read_lock(path: str) -> tuple[dict[str, str], dict[str, str]]:
    """Input and model hashes of a `lock.toml`, wherever it lies. Raises ManifestError."""
    folder, name = posixpath.split(path)
    try:
        table = tomllib.loads(Outside(folder).read(name).decode())
    except FileNotFoundError:
        raise ManifestError(f"{path}: there is no such lock") from None
    except (OSError, ValueError) as error:
        raise ManifestError(f"{path} cannot be read as a lock: {error}") from None
    inputs, models = table.get("inputs", {}), table.get("models", {})
    if not isinstance(inputs, dict) or not isinstance(models, dict):
        raise ManifestError(f"{path}: a lock has the tables [inputs] and [models], each of name = sha256")
    return inputs, models


def check_pin(key: str, sha256: str, pins: Mapping[str, str]) -> None:
    """Raises StorageError if an input is not the one that the manifest's lock names."""
    pinned = pins.get(key)
    if pinned and pinned != sha256:
        raise StorageError(f"{key} has sha256 {sha256}, but the lock demands {pinned}")
