"""Which TIERLINE_ variables a text names, and which there are."""

import re

from service.settings import Settings

KNOWN = {f"TIERLINE_{name}".upper() for name in Settings.model_fields}


def unknown(text: str) -> set[str]:
    """Variables in `text` that no setting reads."""
    return set(re.findall(r"\bTIERLINE_[A-Z_]+[A-Z]\b", text)) - KNOWN
