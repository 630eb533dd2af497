"""A database in memory as it was at a moment, kept as what differs from another one: thousands of them fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PAGE = 4096


@dataclass(frozen=True, slots=True)
class Image:
    """`base` with some of its pages replaced."""

    base: bytes
    size: int
    pages: Mapping[int, bytes]
    """Content of the pages that differ, by where they begin."""

    @classmethod
    def of(cls, content: bytes, base: bytes) -> Image:
        """Keep a content."""
        starts = range(0, len(content), PAGE)
        pages = {at: content[at : at + PAGE] for at in starts if content[at : at + PAGE] != base[at : at + PAGE]}
        return cls(base, len(content), pages)

    def content(self) -> bytes:
        """Return what was kept."""
        content = bytearray(self.base[: self.size].ljust(self.size, b"\0"))
        for at, page in self.pages.items():
            content[at : at + len(page)] = page
        return bytes(content)
