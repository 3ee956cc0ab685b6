"""A problem with a checker of its own: stored, and judged with programs that are right in different ways.

    python examples/custom_checker.py

It needs a judge (`tierline serve`). The task: print two primes whose sum is N. There are many right answers, so comparing with
one of them will not do; the checker is a program that reads input, output and answer, as testlib's do, and says with its exit
status: 0 right, 1 wrong. It runs in a box of its own; what it prints to stderr is the message of a wrong answer. It prints:

    small first   AC
    large first   AC
    not prime     WA  9 is not a prime
    gives up      WA  expected two numbers

A checker in C++ with testlib.h is the same with `language="cpp17"` and `files={"testlib.h": ...}`.
"""

import argparse
from collections.abc import Sequence

from service.client import DEFAULT_URL, TierlineClient
from service.schemas import Problem, ProgramChecker, Submission, Test, Verdict

CHECKER = """
import sys

def wrong(message):
    print(message, file=sys.stderr)
    sys.exit(1)

given, output, answer = (open(path).read().split() for path in sys.argv[1:4])
try:
    first, second = map(int, output)
except ValueError:
    wrong("expected two numbers")
for number in (first, second):
    if number < 2 or any(number % factor == 0 for factor in range(2, int(number**0.5) + 1)):
        wrong(f"{number} is not a prime")
if first + second != int(given[0]):
    wrong(f"{first} + {second} is not {given[0]}")
"""

IS_PRIME = "n = int(input())\ndef prime(k): return k > 1 and all(k % d for d in range(2, int(k**0.5) + 1))\n"
PROGRAMS = {
    "small first": IS_PRIME + "print(next(f'{k} {n - k}' for k in range(2, n) if prime(k) and prime(n - k)))",
    "large first": IS_PRIME + "print(next(f'{n - k}\\n{k}' for k in range(2, n) if prime(k) and prime(n - k)))",
    "not prime": "n = int(input())\nprint(9, n - 9)",
    "gives up": "print('?')",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Store the problem, judge the programs, print."""
    parser = argparse.ArgumentParser(description="a problem with a checker of its own")
    parser.add_argument("--server", default=DEFAULT_URL)
    parser.add_argument("--key", help="one of the judge's keys, where it has any")
    options = parser.parse_args(arguments)
    problem = Problem(
        title="Two primes",
        statement="Print two primes whose sum is N.",
        # The answer is of no use to this checker. Others compare with it, for example to see whether a shorter one was found.
        tests=tuple(Test(input=f"{number}\n", output="") for number in (20, 100, 1000, 54_322)),
        checker=ProgramChecker(type="program", language="python", source=CHECKER, style="testlib"),
    )
    with TierlineClient(options.server, key=options.key) as judge:
        judge.put_problem("examples/two-primes", problem)
        for name, source in PROGRAMS.items():
            result = judge.judge(Submission(problem="examples/two-primes", language="python", source=source))
            message = next((test.message for test in result.tests if test.verdict is Verdict.WA), "")
            print(f"{name:12}  {result.verdict}  {message}".rstrip())


if __name__ == "__main__":
    main()
