"""Snapshots of a database in memory, stored as differences from a common base, so that thousands of them fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PAGE = 4096


@dataclass(frozen=True, slots=True)
class Image:
    """The bytes of a database: `base` cut or filled up to `size`, with some pages replaced."""

    base: bytes
    size: int
    pages: Mapping[int, bytes]
    """The pages that differ, by their offset in bytes."""

    @classmethod
    def of(cls, content: bytes, base: bytes) -> Image:
        """Return the image of a content, as its difference from a base."""
        starts = range(0, len(content), PAGE)
        pages = {
            offset: content[offset : offset + PAGE]
            for offset in starts
            if content[offset : offset + PAGE] != base[offset : offset + PAGE]
        }
        return cls(base, len(content), pages)

    def content(self) -> bytes:
        """Return the whole content."""
        content = bytearray(self.base[: self.size].ljust(self.size, b"\0"))
        for offset, page in self.pages.items():
            content[offset : offset + len(page)] = page
        return bytes(content)
