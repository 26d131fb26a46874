"""The kinds of errors: every named error of a room derives from one of these.

An error says what happened, to which thing, and what to do now. It knows no HTTP number: the server has the one table for that.
"""


class RelensError(Exception):
    """Something a person can act on; `str(error)` is a sentence to show them.

    `facts` are small JSON-able values for programs (which id, which limit), shown beside the sentence.
    """

    def __init__(self, sentence: str, **facts: object) -> None:
        super().__init__(sentence)
        self.facts = facts


class Invalid(RelensError):
    """What was given cannot be right, whatever the state of the system."""


class NotFound(RelensError):
    """The thing named does not exist (any more)."""


class Gone(NotFound):
    """It was here and was let go, on purpose; the sentence says why and when. It does not come back by asking again."""


class Conflict(RelensError):
    """It contradicts what is there already: sent twice with other content, or in the wrong state."""


class Outdated(RelensError):
    """It was changed by somebody else since it was read."""


class NotAllowed(RelensError):
    """Known who is asking; they may not do this."""


class NotKnown(RelensError):
    """It is not known who is asking."""


class TooLarge(RelensError):
    """Over a limit that protects the server; the sentence names the limit."""


class Unavailable(RelensError):
    """Not now, perhaps soon. `retry_after_s` says when to come back."""

    def __init__(self, sentence: str, retry_after_s: float = 1.0, **facts: object) -> None:
        super().__init__(sentence, **facts)
        self.retry_after_s = retry_after_s


class StorageFull(RelensError):
    """There is no room to keep what was sent; nothing was half-written."""


class DiskFails(StorageFull):
    """The disk takes nothing, although it may have room: it fails, or became read-only. Nothing was half-written."""


class MissingPackage(RelensError):
    """A plug-in is there, the library it stands on is not."""
