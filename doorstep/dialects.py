"""What ingest can read, told to the API, which may not look into ingest itself (api/deps.py, `Dialects`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ingest.codecs import all_codecs
from ingest.models import MODELS


class KnownDialects:
    """The dialects and models of this program."""

    def names(self) -> Collection[str]:
        """The dialects there are, by name."""
        return [codec.name for codec in all_codecs()]

    def models(self) -> Mapping[str, str]:
        """The trackers whose field maps are known, each with its title."""
        return {name: model.title for name, model in MODELS.items()}

    def reads(self, dialect: str, device: str) -> bool:
        """Whether a device of this id can have a topic of its own in this dialect."""
        return any(codec.name == dialect and codec.topic_of(device) is not None for codec in all_codecs())
