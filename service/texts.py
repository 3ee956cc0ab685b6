"""Outputs as checkers read them: in pieces, so that 64 MB of output never become ten million objects at once.

A memory file is read with pread and never mapped: a mapping of a file that shrinks ends the reading process.
"""

import os
from collections.abc import Iterator

from sandbox.memfile import MemFile

_PIECE = 1 << 18
_WHITE = b" \n\t\r\v\f"
LINE_END = b"\n"


class Text:
    """Bytes at rest that are read a piece at a time: a memory file or bytes. Borrows the file, never closes it."""

    __slots__ = ("_data", "_fd", "size")

    def __init__(self, data: bytes | MemFile) -> None:
        if isinstance(data, bytes):
            self._data, self._fd, self.size = data, -1, len(data)
        else:
            self._data, self._fd, self.size = b"", data.fd, data.size

    def read(self, start: int, end: int) -> bytes:
        """Bytes start to end; fewer at the end of the text."""
        if self._fd < 0:
            return self._data[start:end]
        parts = []
        while start < end and (part := os.pread(self._fd, end - start, start)):
            parts.append(part)
            start += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def bounds(self) -> tuple[int, int]:
        """Where the text without white space around it begins and ends."""
        start, end = 0, self.size
        while start < end:
            piece = self.read(start, min(end, start + _PIECE))
            start += len(piece) - len(piece.lstrip(_WHITE))
            if piece.strip(_WHITE):
                break
        while start < end:
            piece = self.read(max(start, end - _PIECE), end)
            end -= len(piece) - len(piece.rstrip(_WHITE))
            if piece.strip(_WHITE):
                break
        return start, end

    def pieces(self, start: int, end: int, cuts: bytes) -> Iterator[bytes]:
        """The text from start to end in pieces, each cut behind one of the bytes `cuts`; longer where none comes."""
        kept: list[bytes] = []
        while start < end:
            piece = self.read(start, min(end, start + _PIECE))
            if not piece:
                break
            start += len(piece)
            cut = last_of(piece, cuts) + 1
            if not cut:
                kept.append(piece)
                continue
            kept.append(piece[:cut])
            yield b"".join(kept)
            kept = [piece[cut:]] if cut < len(piece) else []
        if kept:
            yield b"".join(kept)

    def tokens(self, start: int = 0) -> Iterator[list[bytes]]:
        """Lists of tokens, split on ASCII white space, from a place that is not inside a token."""
        for piece in self.pieces(start, self.size, _WHITE):
            yield piece.split()

    def lines(self, start: int, end: int) -> Iterator[list[bytes]]:
        """Lists of lines with the white space around each gone."""
        ended = True
        for piece in self.pieces(start, end, LINE_END):
            lines = piece.split(LINE_END)
            ended = not lines[-1]
            if ended:
                del lines[-1]
            yield [line.strip(_WHITE) for line in lines]
        if ended:
            yield [b""]

    def contains(self, word: bytes) -> bool:
        """Does the lower-case `word` occur in any case."""
        overlap = len(word) - 1
        return any(word in self.read(max(0, start - overlap), start + _PIECE).lower() for start in range(0, self.size, _PIECE))

    def count_before(self, end: int, cuts: bytes = _WHITE) -> int:
        """How many tokens (or lines, with LINE_END for `cuts`) lie before `end`, which is not inside one."""
        if cuts == LINE_END:
            return sum(piece.count(LINE_END) for piece in self.pieces(0, end, cuts))
        return sum(len(piece.split()) for piece in self.pieces(0, end, cuts))


def last_of(piece: bytes, cuts: bytes) -> int:
    """The last place of any of the bytes `cuts`; -1 when there is none."""
    return max(map(piece.rfind, cuts))


def shared_start(one: Text, other: Text, cuts: bytes = _WHITE) -> int:
    """A place, just behind one of `cuts`, up to which both texts are the same bytes; the end of both when they are equal."""
    place, limit = 0, min(one.size, other.size)
    while place < limit:
        end = min(limit, place + _PIECE)
        left, right = one.read(place, end), other.read(place, end)
        if left != right:
            return _shared_cut(one, place, left, right, cuts)
        place = end
    return limit if one.size == other.size else _cut_before(one, limit, cuts)


def _shared_cut(text: Text, place: int, left: bytes, right: bytes, cuts: bytes) -> int:
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if left[:middle] == right[:middle] else (low, middle - 1)
    return _cut_before(text, place + low, cuts)


def _cut_before(text: Text, end: int, cuts: bytes) -> int:
    """The place behind the last of `cuts` before `end`, or 0 when none is near."""
    start = max(0, end - _PIECE)
    return start + cut + 1 if (cut := last_of(text.read(start, end), cuts)) >= 0 else 0


def shown(text: bytes, limit: int = 48) -> str:
    """A token or line as a message shows it: one short line of printable text, whatever the bytes."""
    head = text[:limit].decode("utf-8", "backslashreplace")
    head = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in head)
    return f"`{head}`" if len(text) <= limit else f"`{head}`… ({len(text)} bytes)"
