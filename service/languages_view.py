"""The languages as callers see them, and found by name or alias."""

from collections.abc import Sequence

from service.schemas import LanguageInfo


class LanguageTable:
    """What the judge knows, with what is missing here among it."""

    def __init__(self, infos: Sequence[LanguageInfo]) -> None:
        self._set(infos)

    def _set(self, infos: Sequence[LanguageInfo]) -> None:
        self._infos = list(infos)
        self._by_name = {alias: info for info in infos for alias in info.aliases}
        self._by_name.update({info.name: info for info in infos})

    @property
    def infos(self) -> list[LanguageInfo]:
        """All, by no particular order."""
        return self._infos

    @property
    def available(self) -> list[str]:
        """Names of those that can be judged."""
        return [info.name for info in self.infos if info.available]

    def find(self, name: str) -> LanguageInfo | None:
        """By name or alias; None when nobody knows it."""
        return self._by_name.get(name)
