"""When the judge cannot tell, or should not."""


class Undecided(Exception):
    """Nothing is known about the program: try again in another box, and if that does not help the verdict is JE."""

    def __init__(self, message: str, *, again: bool = True) -> None:
        super().__init__(message)
        self.again = again
        """False when another try would end the same way."""


class StepsBack(Exception):
    """This worker's speed wanders too far for the verdict that would be due; another worker is to judge the submission."""
