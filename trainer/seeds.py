"""Random numbers that follow from what they are for."""

import hashlib


def seed_of(*what: object) -> int:
    """63 bits; the same for the same things."""
    digest = hashlib.blake2b("/".join(map(str, what)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1
