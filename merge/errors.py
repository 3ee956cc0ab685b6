"""Why a merge is refused. Everything that can be known before the first byte is written is refused before it."""


class MergeRefused(ValueError):
    """The inputs or the request cannot give a model. The message names the checkpoint, the tensor or field, and the fix."""
