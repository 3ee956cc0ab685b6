import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.cluster.payload import Head, as_packed, pack_job, pack_own, pack_run, unpack_own, unpack_task
from service.compression import compress
from service.loaded_problem import TextCache, load_inline
from service.queue import Job
from service.result_cache import pack
from service.schemas import Problem, Result, RunRequest, Status, Stop, Submission, Test, Verdict

PROBLEM = Problem(tests=(Test(input="a secret"),))
LOADED = load_inline(PROBLEM, TextCache(1 << 20))

submissions = st.builds(
    Submission,
    problem=st.just("a/b"),
    language=st.sampled_from(["python", "cpp17"]),
    source=st.text(st.characters(exclude_categories=("Cs",)), max_size=300),
    coverage=st.floats(0.01, 1),
    stop=st.sampled_from(Stop),
    time_limit_s=st.none() | st.floats(0.001, 600),
    memory_limit_mb=st.none() | st.integers(8, 65536),
    mode=st.sampled_from(["auto", "exec"]),
    cache=st.booleans(),
    priority=st.sampled_from([None, "interactive", "batch"]),
    details=st.booleans(),
    deadline_s=st.none() | st.floats(0.001, 86400),
)


@settings(max_examples=60, deadline=None)
@given(sent=submissions, priority=st.sampled_from(["interactive", "batch"]))
def test_a_job_arrives_as_it_left(sent: Submission, priority: str) -> None:
    job = Job(sent, "d" * 64, "a/b", "python", priority)
    assert unpack_task(pack_job(job)) == job


def test_a_job_leaves_its_problem_its_caller_and_its_key_behind() -> None:
    sent = Submission(problem=PROBLEM, language="py", source="x", idempotency_key="k")
    job = Job(sent, LOADED.digest, LOADED.digest, "python", caller="me", path="submissions.3.", loaded=LOADED)
    arrived = unpack_task(pack_job(job))
    assert isinstance(arrived, Job)
    assert arrived.submission.problem == arrived.digest == LOADED.digest
    assert (arrived.caller, arrived.path, arrived.loaded, arrived.submission.idempotency_key) == ("", "", None, None)
    assert (arrived.language, arrived.submission.source) == ("python", "x")


def test_a_run_arrives_as_it_left() -> None:
    run = RunRequest(
        language="python",
        source="é\x00",
        stdin="1\r\n",
        files={"a/b.txt": "x"},
        collect=("out",),
        time_limit_s=0.1,
        memory_limit_mb=9,
    )
    assert unpack_task(pack_run(run)) == run


def test_what_another_version_wrote_or_damage_is_refused() -> None:
    whole = pack_run(RunRequest(language="python", source="x" * 100))
    for data in (whole[:-1], whole[:-3] + b"abc", b"", b"garbage"):
        with pytest.raises(ValueError, match="a task is damaged"):
            unpack_task(data)
    for text in (b'["other", {}]', b'["run", {"language": "python"}]', b'["judge", {}, 1, 2, 3]', b'["judge", {}]', b"[]", b"{"):
        with pytest.raises(ValueError):  # noqa: PT011 - any
            unpack_task(compress(text))


@pytest.mark.parametrize(
    "result", [Result(verdict=Verdict.JE, error="x y"), Result(status=Status.CANCELLED, error="by its caller")]
)
def test_a_result_of_its_own_arrives_as_it_left(result: Result) -> None:
    packed = pack(result)
    assert unpack_own(pack_own(packed)) == packed


def test_a_result_is_made_of_what_redis_keeps() -> None:
    packed = pack(Result(verdict=Verdict.AC))
    assert as_packed(packed.body, b"done", b"AC") == packed
    cancelled = as_packed(b"x", b"cancelled", b"")
    assert (cancelled.status, cancelled.verdict) == (Status.CANCELLED, None)


def test_a_head_arrives_as_it_left() -> None:
    head = Head("a/b", "python")
    assert Head.from_json(head.to_json()) == head
