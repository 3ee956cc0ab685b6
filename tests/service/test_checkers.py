"""What each checker accepts, and that reading in pieces changes nothing."""

import math
import time
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.memfile import MemFile
from service import checkers, numerals, texts
from service.checkers import check
from service.schemas import Checker, ExactChecker, FloatChecker, LcbChecker, ProgramChecker, TokensChecker

TOKENS, FOLDED = TokensChecker(), TokensChecker(case_sensitive=False)
EXACT, EXACT_END = ExactChecker(type="exact"), ExactChecker(type="exact", final_newline=True)
FLOAT, FLOAT_0 = FloatChecker(type="float"), FloatChecker(type="float", abs=0, rel=0)
LCB = LcbChecker(type="lcb")

RULES: list[tuple[Checker, bytes, bytes, bool]] = [
    (TOKENS, b"1 2\n", b"1 2\n", True),
    (TOKENS, b"1 2\n", b"1\t\r\n 2", True),
    (TOKENS, b"1 2\n", b"12", False),
    (TOKENS, b"1 2\n", b"1 2 3", False),
    (TOKENS, b"1 2\n", b"1", False),
    (TOKENS, b"", b" \n\n", True),
    (TOKENS, b"", b"0", False),
    (TOKENS, b"0", b"", False),
    (TOKENS, b"yes", b"YES", False),
    (TOKENS, b"3", b"3.0", False),
    (TOKENS, b"a", b"a\x00", False),
    (TOKENS, b"a b", "a\u00a0b".encode(), False),  # only ASCII white space splits
    (FOLDED, b"yes No", b"YES nO", True),
    (FOLDED, b"yes", b"yess", False),
    (FOLDED, "\u00c4".encode(), "\u00e4".encode(), False),  # ASCII only
    (EXACT, b"1 2\n", b"1 2\n", True),
    (EXACT, b"1 2\n", b"1 2", True),
    (EXACT, b"1 2", b"1 2\n", True),
    (EXACT, b"1 2\n", b"1 2\n\n", True),
    (EXACT, b"1 2", b"1 2\n\n", False),
    (EXACT, b"1 2\n", b"1 2 \n", False),
    (EXACT, b"1 2", b"1 2 ", False),
    (EXACT, b"1 2\n", b"1 3\n", False),
    (EXACT, b"", b"\n", True),
    (EXACT_END, b"1\n", b"1", False),
    (EXACT_END, b"1\n", b"1\n", True),
    (FLOAT, b"0.333333", b"0.3333331", True),
    (FLOAT, b"0.333333", b"0.333336", False),
    (FLOAT, b"1000000", b"1000000.9", True),
    (FLOAT, b"1000000", b"1000002", False),
    (FLOAT, b"3", b"3.0", True),
    (FLOAT, b"yes 1", b"yes 1.0", True),
    (FLOAT, b"yes", b"Yes", False),
    (FLOAT, b"1", b"one", False),
    (FLOAT, b"one", b"1", False),
    (FLOAT, b"nan", b"nan", False),
    (FLOAT, b"1 NaN", b"1 NaN", False),
    (FLOAT, b"-nan", b"-nan", False),
    (FLOAT, b"banana", b"banana", True),
    (FLOAT, b"1", b"nan", False),
    (FLOAT, b"inf", b"inf", True),
    (FLOAT, b"inf", b"Infinity", True),
    (FLOAT, b"inf", b"-inf", False),
    (FLOAT, b"inf", b"1e999", False),
    (FLOAT, b"1e999", b"inf", False),
    (FLOAT, b"1", b"inf", False),
    (FLOAT, b"1000", b"1_000", False),
    (FLOAT, b"1_000", b"1_000", True),
    (FLOAT, b"1_000", b"1000", False),
    (FLOAT, b"3", "\u0663".encode(), False),
    (FLOAT, b"16", b"0x10", False),
    (FLOAT, b"1e999999999", b"1e999999999", True),
    (FLOAT, b"1e999999999", b"1.0e999999999", True),
    (FLOAT, b"1e999999999", b"2e999999999", False),
    (FLOAT, b"1e999999999", b"1", False),
    (FLOAT, b"0", b"1e-999999999", True),
    (FLOAT, b"0", b"1e99999999999999999999999", False),
    (FLOAT_0, b"9007199254740993", b"9007199254740992", False),
    (FLOAT_0, b"9007199254740993", b"9007199254740993.0", True),
    (FLOAT_0, b"9007199254740993", b"+09007199254740993", True),
    (FLOAT_0, b"0.1", b"1e-1", True),
    (FLOAT_0, b"0.1", b"0.10000000000000000001", False),
    (FLOAT_0, b"-0", b"0.0", True),
    (FloatChecker(type="float", abs=0.01, rel=0), b"0.35", b"0.36", True),
    (FloatChecker(type="float", abs=0.01, rel=0), b"0.35", b"0.3600000000000000001", False),
    (FloatChecker(type="float", abs=0, rel=0.5), b"1" + b"0" * 400, b"15" + b"0" * 399, True),
    (FloatChecker(type="float", abs=0, rel=0.5), b"1" + b"0" * 400, b"16" + b"0" * 399, False),
    (LCB, b"3.0", b"3", True),
    (LCB, b"0.5", b"0.50", True),
    (LCB, b"1000", b"1e3", True),
    (LCB, b"7", b"007", True),
    (LCB, b"0.333333", b"0.3333330001", False),
    (LCB, b"YES", b"yes", False),
    (LCB, b"1 2", b"1  2", True),
    (LCB, b"a b", b"a  b", False),
    (LCB, b"a\nb", b"a\n\nb", False),
    (LCB, b"1\n2", b"1 2", False),
    (LCB, b"a\nb\n", b"\n  a  \n b \n\n", True),
    (LCB, b"", b"\n", True),
    (LCB, b"nan", b"nan", True),  # as text
    (LCB, b"nan 1", b"nan  1", False),  # as numbers
    (LCB, b"50000000000000001", b"50000000000000000", False),
    (LCB, b"1000", b"1_000", False),
]


@pytest.mark.parametrize(("checker", "expected", "output", "ok"), RULES)
def test_rule(checker: Checker, expected: bytes, output: bytes, ok: bool) -> None:
    result = check(checker, expected, output)
    assert result.ok is ok
    assert bool(result.message) is not ok
    with MemFile.sealed(output) as file:
        assert check(checker, expected, file) == result


@pytest.mark.parametrize(
    ("checker", "expected", "output", "message"),
    [
        (TOKENS, b"1 2\n3 4\n", b"1 2\n3 5\n", "token 4, line 2: expected `4`, got `5`"),
        (TOKENS, b"1 2 3", b"1 2", "the output ends after 2 tokens: expected `3` next"),
        (TOKENS, b"1", b"1\n2\n", "token 2 is one too many: expected the end, got `2`"),
        (TOKENS, b"a", b"\xff\x00\n", "token 1, line 1: expected `a`, got `\\xff\\x00`"),
        (TOKENS, b"a", b"b" * 100, "token 1, line 1: expected `a`, got `" + "b" * 48 + "`… (100 bytes)"),
        (FLOAT, b"1 2\n3", b"1\n2\n4", "token 3, line 3: expected `3`, got `4`"),
        (LCB, b"1\n2\n3\n", b"1\n2\n4\n", "line 3: expected `3`, got `4`"),
        (LCB, b"1\n2\n", b"1\n2\n4\n", "line 3 is one too many: expected the end, got `4`"),
        (EXACT, b"1\n2\n", b"1\n3\n", "byte 3, line 2: expected `2\\n`, got `3\\n`"),
        (EXACT, b"1\n2\n", b"1\n", "byte 3, line 2: expected `2\\n`, got the end"),
    ],
)
def test_the_message_says_where_the_first_difference_is(checker: Checker, expected: bytes, output: bytes, message: str) -> None:
    assert check(checker, expected, output).message == message


def test_a_program_checker_is_refused_here() -> None:
    with pytest.raises(TypeError, match="box"):
        check(ProgramChecker(type="program", source="x"), b"", b"")


words = st.sampled_from([b"1", b"2", b"1.0", b"nan", b"a", b"A", b"inf", b"12345678901234567890", b"1e3", b"", b"\xff"])
white = st.sampled_from([b" ", b"\n", b"  ", b"\r\n", b"\n\n", b"\t", b" \n "])
outputs = st.lists(st.tuples(words, white), max_size=12).map(lambda parts: b"".join(word + gap for word, gap in parts))
edited = st.tuples(outputs, white, white).map(lambda parts: (parts[0], parts[1] + parts[0] + parts[2]))
pairs = st.one_of(st.tuples(outputs, outputs), edited, outputs.map(lambda out: (out, out.rstrip())))


def _plain_tokens(expected: bytes, got: bytes) -> bool:
    return expected.split() == got.split()


def _plain_exact(expected: bytes, got: bytes) -> bool:
    return expected == got or expected + b"\n" == got or got + b"\n" == expected


def _plain_float(expected: bytes, got: bytes) -> bool:
    def same(one: bytes, other: bytes) -> bool:
        try:
            near = math.isfinite(float(one)) and abs(float(one) - float(other)) <= 1e-6 * max(1.0, abs(float(one)))
            return near or float(one) == float(other)
        except ValueError:
            return one == other

    ours, theirs = expected.split(), got.split()
    return len(ours) == len(theirs) and all(map(same, ours, theirs))


def _plain_lcb(expected: bytes, got: bytes) -> bool:
    ours, theirs = ([line.strip() for line in text.strip().split(b"\n")] for text in (expected, got))
    if len(ours) != len(theirs):
        return False
    for one, other in zip(ours, theirs, strict=True):
        try:
            numbers = [[Decimal(token.decode()) for token in line.split()] for line in (one, other)]
            equal = numbers[0] == numbers[1]
        except (ArithmeticError, UnicodeDecodeError):
            equal = False
        if one != other and not equal:
            return False
    return True


REFERENCES = [(TOKENS, _plain_tokens), (EXACT, _plain_exact), (FLOAT, _plain_float), (LCB, _plain_lcb)]


@pytest.mark.parametrize(("checker", "reference"), REFERENCES, ids=["tokens", "exact", "float", "lcb"])
@settings(deadline=None)
@given(pairs, st.integers(1, 9))
@example((b"a b", b"a b "), 1)
@example((b"x" * 20, b"x" * 20 + b"\n"), 3)
def test_reading_in_pieces_agrees_with_the_plain_rule(
    checker: Checker, reference: Callable[[bytes, bytes], bool], pair: tuple[bytes, bytes], piece: int
) -> None:
    expected, got = pair
    right = reference(expected, got)
    assert check(checker, expected, got).ok is right
    with mock.patch.object(texts, "_PIECE", piece), mock.patch.object(checkers, "_SMALL", 1), MemFile.sealed(got) as file:
        in_pieces = check(checker, expected, file)
        assert in_pieces.ok is right
    assert in_pieces.message == check(checker, expected, got).message


@settings(deadline=None)
@given(outputs)
def test_every_output_is_right_against_itself_unless_nan_forbids(output: bytes) -> None:
    for checker in (TOKENS, FOLDED, EXACT, EXACT_END, LCB):
        assert check(checker, output, output).ok
    assert check(FLOAT, output, output).ok is (b"nan" not in output.split())


finite = st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**6), max_value=10**6)


@settings(deadline=None)
@given(finite, finite)
def test_float_agrees_with_exact_arithmetic(one: Decimal, other: Decimal) -> None:
    right = abs(one - other) <= max(Decimal("0.001"), Decimal("0.01") * abs(one))
    assert numerals.close(str(one).encode(), str(other).encode(), 0.001, 0.01) is right


@settings(deadline=None)
@given(st.integers(-(10**30), 10**30), st.integers(-2, 2))
def test_integers_without_tolerance_are_exact_at_any_size(number: int, step: int) -> None:
    assert numerals.close(b"%d" % number, b"%d" % (number + step), 0, 0) is (step == 0)


@settings(deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_no_bytes_make_a_checker_fail_and_messages_stay_short(expected: bytes, got: bytes) -> None:
    for checker in (TOKENS, FOLDED, EXACT, FLOAT, LCB):
        result = check(checker, expected, got)
        assert len(result.message) < 700
        assert "\n" not in result.message
        result.message.encode("utf-8")


@pytest.mark.parametrize("token", [b"9" * 3_000_000, b"1e999999999", b"1e-999999999", b"0." + b"3" * 3_000_000])
@pytest.mark.parametrize("checker", [FLOAT, FLOAT_0, LCB])
def test_no_numeral_takes_long(checker: Checker, token: bytes, slowness: float) -> None:
    began = time.process_time()
    assert not check(checker, b"5", token).ok
    check(checker, token[:-1] + b"5", token + b"4")
    assert time.process_time() - began < 2 * slowness


def test_many_tokens_with_one_difference_at_the_end_are_compared_in_bounded_memory() -> None:
    expected = b"".join(b"%d\n" % number for number in range(300_000))
    with MemFile.sealed((b" ", expected[:-2], b"x\n")) as output:
        tracemalloc.start()
        result = check(TOKENS, expected, output)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert result.message == "token 300000, line 300000: expected `299999`, got `29999x`"
    assert peak < 12 << 20  # all tokens at once would be over 24 MB
