"""From the text of a completion to the program in it."""

from service.client.rollouts import MAX_SOURCE_BYTES, extract_code
from trainer.settings.episode import Answer, AnswerKind

_THINK_START = "<think>"


def fenced_answer(text: str, think_end: str, *, thinking: bool) -> Answer:
    """The last closed code block after the thinking. `thinking`: the prompt has begun it already.

    Code within the thinking is no answer, and thinking that never ends has none.
    """
    _, ended, answer = text.rpartition(think_end)
    if not ended and (thinking or text.lstrip().startswith(_THINK_START)):
        return Answer(AnswerKind.MALFORMED, detail=f"the thinking was not ended by {think_end}")
    source = extract_code(answer)
    if source is None:
        return Answer(AnswerKind.MALFORMED, detail="there is no closed code block")
    return program_answer(source)


def program_answer(source: str) -> Answer:
    """An answer with this program, unless it is none that a judge would take."""
    if not source.strip():
        return Answer(AnswerKind.MALFORMED, detail="the program is empty")
    size = len(source.encode("utf-8", "surrogatepass"))
    if size > MAX_SOURCE_BYTES:
        return Answer(AnswerKind.MALFORMED, detail=f"the program has {size} bytes; the judge takes {MAX_SOURCE_BYTES}")
    return Answer(AnswerKind.PROGRAM, source)


def opens_thinking(prompt: str) -> bool:
    """Does the prompt, as chat templates of some models do, begin the thinking itself?"""
    return prompt.rstrip().endswith(_THINK_START)
