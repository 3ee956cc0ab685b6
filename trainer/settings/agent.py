"""Agent: a shell and files in one of the judge's sessions; a file is submitted at the end.

`<shell>…</shell>` runs a line or a script in the session, `<submit>FILE</submit>` ends the episode with that file as the program.
What a command printed follows as `<output>…</output>`, in the same turn of the chat and masked from the loss. The session holds
`statement.md` and the public tests (`tests/1.in`, `tests/1.out`, …). Hidden tests are never in it: the trainer has none.
"""

from dataclasses import dataclass
from typing import Any

from service.client import TierlineClient
from service.client_sessions import Session
from service.errors import Conflict, Invalid, JudgeFailed, NotFound, TooLarge
from service.session_schemas import ExecResult, SessionRequest
from trainer.sampling import Completion, FinishReason, Prompt
from trainer.settings.episode import Answer, AnswerKind
from trainer.settings.options import AgentOptions
from trainer.settings.programs import program_answer
from trainer.settings.prompting import clipped, fill_template, prompt_tokens
from trainer.settings.tags import find_action, stops_of
from trainer.settings.transcript import Transcript
from trainer.tasks import Task

_TAGS = ("shell", "submit")
_OUTPUT_BYTES = 1 << 18


@dataclass
class Agent:
    """The setting. Its sessions are the judge's, reached through `client`."""

    options: AgentOptions
    client: TierlineClient
    name: str = "agent"
    asks_judge: bool = True

    def open(self, task: Task, tokenizer: Any, seed: int) -> "AgentEpisode":
        """A fresh attempt; its session is opened with the first action. Raises ValueError for a bad template."""
        chosen = self.options
        text = fill_template(
            chosen.template,
            statement=task.statement,
            language=task.language,
            public_tests=len(task.public_tests),
            max_turns=chosen.max_turns,
            command_limit_s=f"{chosen.command_limit_s:g}",
            total_limit_s=f"{chosen.total_limit_s:g}",
            memory_limit_mb=chosen.memory_limit_mb,
        )
        transcript = Transcript(tokenizer, chosen, seed, prompt_tokens(tokenizer, text), stops_of(_TAGS))
        return AgentEpisode(task, chosen, transcript, self.client)


class AgentEpisode:
    """One attempt."""

    def __init__(self, task: Task, options: AgentOptions, transcript: Transcript, client: TierlineClient) -> None:
        self.task = task
        self.prompt_ids = transcript.prompt_ids
        self.token_ids = transcript.token_ids
        self.written_by_model = transcript.written_by_model
        self._options = options
        self._transcript = transcript
        self._client = client
        self._opened: Session | None = None
        self._left_s = options.total_limit_s

    def prompt(self) -> Prompt:
        """See Episode."""
        return self._transcript.prompt()

    def observe(self, completion: Completion) -> Answer | None:
        """See Episode."""
        self._transcript.add_completion(completion)
        turns = self._transcript.turns
        if completion.finish_reason is FinishReason.LENGTH:
            return Answer(AnswerKind.TRUNCATED, detail=f"after {len(self.token_ids)} tokens, in turn {turns}")
        action = find_action(completion.text, _TAGS)
        if action is None or not action.opened:
            return Answer(AnswerKind.MALFORMED, detail=f"turn {turns} has neither a command nor a submit")
        if turns > self._options.max_turns:
            return Answer(AnswerKind.OUT_OF_BUDGET, detail=f"more than {self._options.max_turns} turns")
        said = self._submit(action.body.strip()) if action.name == "submit" else self._shell(action.body)
        if isinstance(said, Answer):
            return said
        left = self._options.max_turns - turns
        if not self._transcript.add_environment(f"\n<output>\n{said.rstrip()}\n</output>\n[{left} turns left]\n"):
            return Answer(AnswerKind.OUT_OF_BUDGET, detail=f"no token is left after turn {turns}")
        return None

    def _shell(self, command: str) -> str | Answer:
        if self._left_s <= 0:
            return Answer(AnswerKind.OUT_OF_BUDGET, detail=f"commands took {self._options.total_limit_s:g} s")
        if "\0" in command:
            return "a command cannot carry the character NUL"
        limit_s = min(self._options.command_limit_s, self._left_s)
        limits = {"time_limit_s": limit_s, "wall_limit_s": limit_s, "output_limit_bytes": _OUTPUT_BYTES}
        try:
            result = self._session().run(command.strip("\n"), **limits)
        except NotFound as error:
            raise JudgeFailed(f"the session was lost: {error}") from error
        self._left_s -= result.wall_s
        return self._told(result)

    def _told(self, result: ExecResult) -> str:
        most = self._options.max_output_chars
        parts = [clipped(result.stdout, most), clipped(result.stderr, most)]
        if result.end != "exit":
            parts.append(f"[stopped: {result.message or result.end}]")
        elif result.exit_code != 0:
            parts.append(f"[signal {result.signal}]" if result.exit_code is None else f"[exit {result.exit_code}]")
        return "\n".join(part.rstrip("\n") for part in parts if part)

    def _submit(self, path: str) -> str | Answer:
        """The answer, or what to tell a model that submits what is no file. Raises JudgeFailed when the session is lost."""
        session = self._session()
        try:
            data = session.get(path)
        except (NotFound, Invalid, Conflict, TooLarge) as error:
            self._check_standing(session)
            return f"nothing was submitted: {error}"
        try:
            return program_answer(data.decode())
        except UnicodeDecodeError:
            return Answer(AnswerKind.MALFORMED, detail="the file that was submitted is not UTF-8")

    def _check_standing(self, session: Session) -> None:
        """A judge that was restarted knows neither file nor session."""
        try:
            session.standing()
        except NotFound as error:
            raise JudgeFailed(f"the session was lost: {error}") from error

    def _session(self) -> Session:
        if self._opened is None:
            chosen = self._options
            request = SessionRequest(memory_limit_mb=chosen.memory_limit_mb, disk_limit_mb=chosen.disk_limit_mb)
            self._opened = self._client.session(request)
            for path, text in _files_of(self.task):
                self._opened.put(path, text.encode())
        return self._opened

    def close(self) -> None:
        """See Episode."""
        session, self._opened = self._opened, None
        if session is not None:
            session.close()


def _files_of(task: Task) -> list[tuple[str, str]]:
    tests = [
        (f"tests/{number}.{end}", text)
        for number, test in enumerate(task.public_tests, 1)
        for end, text in (("in", test.input), ("out", test.output))
    ]
    return [("statement.md", task.statement), *tests]
