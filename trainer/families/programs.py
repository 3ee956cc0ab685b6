"""Programs of the family, as sequences of fragments of Python. A fragment is one token of the small model's language.

A program is a tuple of (slot, fragment). What belongs into a slot follows from the composition; a mistake is another fragment of
the same slot. Slots are tricky where the composition asks for something other than the most common.
"""

import random
from collections.abc import Mapping

from trainer.families.compositions import Composition

Program = tuple[tuple[str, str], ...]

_HEAD = "import sys\ndef solve(a, k):\n    n = len(a)\n"
_FOOT = "for line in sys.stdin:\n    k, *a = map(int, line.split())\n    print(solve(a, k))\n"
_TRANSFORM = {
    "as_is": "    b = a\n",
    "negated": "    b = [-x for x in a]\n",
    "absolute": "    b = [abs(x) for x in a]\n",
    "squared": "    b = [x * x for x in a]\n",
    "plus_one": "    b = [x + 1 for x in a]\n",
    "doubled": "    b = [2 * x for x in a]\n",
    "mod_five": "    b = [x % 5 for x in a]\n",
    "halved": "    b = [x // 2 for x in a]\n",
}
_INITIAL = {"count": "    r = 0\n", "longest": "    r = 0\n", "shortest": "    r = n + 1\n", "total_length": "    r = 0\n"}
_OUTPUT = {"plain": "    return r\n", "mod_7": "    return r % 7\n", "n_minus": "    return n - r\n"}

_LOOP_I = "    for i in range(n):\n"
_LEFT_SLOW = {
    "left_any": "",
    "left_even_index": "        if i % 2: continue\n",
    "left_positive": "        if b[i] <= 0: continue\n",
}
_ZERO = "        s = 0\n"
_LOOP_J = {"subarrays": "        for j in range(i, n):\n", "pairs": "        for j in range(i + 1, n):\n"}
_VALUE = {
    ("subarrays", False): "            s += b[j]\n",
    ("subarrays", True): "            s ^= b[j]\n",
    ("pairs", False): "            s = b[i] + b[j]\n",
    ("pairs", True): "            s = b[i] ^ b[j]\n",
}
_SLICE = "            s = sum(b[i:j + 1])\n"
_CONDITION = {
    "sum_is_k": "            if s == k",
    "sum_mod_3_is_0": "            if s % 3 == 0",
    "sum_mod_3_is_1": "            if s % 3 == 1",
    "sum_is_odd": "            if s % 2",
    "xor_is_k": "            if s == k",
}
_AVERAGE = {"subarrays": "            if s == k * (j - i + 1)", "pairs": "            if s == 2 * k"}
_EXTRA = {
    "ends_any": "",
    "ends_differ": " and b[i] != b[j]",
    "ends_equal": " and b[i] == b[j]",
    "right_larger": " and b[j] > b[i]",
    "left_larger": " and b[i] > b[j]",
    "ends_sum_even": " and (b[i] + b[j]) % 2 == 0",
    "ends_sum_odd": " and (b[i] + b[j]) % 2",
}
_RIGHT_SLOW = {"right_any": ": ", "right_odd_index": " and j % 2: ", "right_positive": " and b[j] > 0: "}
_UPDATE = {
    "count": "r += 1\n",
    "longest": "r = max(r, j - i + 1)\n",
    "shortest": "r = min(r, j - i + 1)\n",
    "total_length": "r += j - i + 1\n",
}

_DICTIONARY = "    d = {}\n"
_PREFIX = "    p = 0\n"
_LOOP = "    for j in range(n):\n"
_KEY = {
    ("subarrays", "sum_is_k"): "        u = p\n",
    ("subarrays", "sum_mod_3_is_0"): "        u = p % 3\n",
    ("subarrays", "sum_mod_3_is_1"): "        u = p % 3\n",
    ("subarrays", "sum_is_odd"): "        u = p % 2\n",
    ("subarrays", "xor_is_k"): "        u = p\n",
    ("subarrays", "average_is_k"): "        u = p - k * j\n",
    ("pairs", "sum_is_k"): "        u = b[j]\n",
    ("pairs", "sum_mod_3_is_0"): "        u = b[j] % 3\n",
    ("pairs", "sum_mod_3_is_1"): "        u = b[j] % 3\n",
    ("pairs", "sum_is_odd"): "        u = b[j] % 2\n",
    ("pairs", "xor_is_k"): "        u = b[j]\n",
    ("pairs", "average_is_k"): "        u = b[j]\n",
}
_WANTED = {
    ("subarrays", "sum_is_k"): "        q = p - k\n",
    ("subarrays", "sum_mod_3_is_0"): "        q = p % 3\n",
    ("subarrays", "sum_mod_3_is_1"): "        q = (p - 1) % 3\n",
    ("subarrays", "sum_is_odd"): "        q = (p - 1) % 2\n",
    ("subarrays", "xor_is_k"): "        q = p ^ k\n",
    ("subarrays", "average_is_k"): "        q = p - k * (j + 1)\n",
    ("pairs", "sum_is_k"): "        q = k - b[j]\n",
    ("pairs", "sum_mod_3_is_0"): "        q = -b[j] % 3\n",
    ("pairs", "sum_mod_3_is_1"): "        q = (1 - b[j]) % 3\n",
    ("pairs", "sum_is_odd"): "        q = (1 - b[j]) % 2\n",
    ("pairs", "xor_is_k"): "        q = k ^ b[j]\n",
    ("pairs", "average_is_k"): "        q = 2 * k - b[j]\n",
}
_ADD = {False: "        p += b[j]\n", True: "        p ^= b[j]\n"}
_LEFT = {"left_any": "        ", "left_even_index": "        if j % 2 == 0: ", "left_positive": "        if b[j] > 0: "}
_RIGHT = {"right_any": "        ", "right_odd_index": "        if j % 2: ", "right_positive": "        if b[j] > 0: "}
_STORE = {
    "count": "d[u] = d.get(u, 0) + 1\n",
    "longest": "d.setdefault(u, j)\n",
    "shortest": "d[u] = j\n",
    "total_length": "c, t = d.get(u, (0, 0)); d[u] = c + 1, t + j\n",
}
_LOOK_UP = {
    "count": "r += d.get(q, 0)\n",
    "longest": "r = max(r, j - d.get(q, j + 1) + 1)\n",
    "shortest": "r = min(r, j - d.get(q, -n) + 1)\n",
    "total_length": "c, t = d.get(q, (0, 0)); r += c * (j + 1) - t\n",
}

_SLOTS: Mapping[str, tuple[str, ...]] = {
    slot: tuple(dict.fromkeys(fragment for fragment in found if fragment))
    for slot, found in {
        "head": (_HEAD,),
        "foot": (_FOOT,),
        "transform": _TRANSFORM.values(),
        "initial": _INITIAL.values(),
        "output": _OUTPUT.values(),
        "loop_i": (_LOOP_I,),
        "left_slow": _LEFT_SLOW.values(),
        "zero": (_ZERO,),
        "loop_j": _LOOP_J.values(),
        "value": (*_VALUE.values(), _SLICE),
        "condition": (*_CONDITION.values(), *_AVERAGE.values()),
        "extra": _EXTRA.values(),
        "right_slow": _RIGHT_SLOW.values(),
        "update": _UPDATE.values(),
        "dictionary": (_DICTIONARY,),
        "prefix": (_PREFIX,),
        "loop": (_LOOP,),
        "key": _KEY.values(),
        "wanted": _WANTED.values(),
        "add": _ADD.values(),
        "left": _LEFT.values(),
        "right": _RIGHT.values(),
        "store": _STORE.values(),
        "look_up": _LOOK_UP.values(),
    }.items()
}
FRAGMENTS = tuple(dict.fromkeys(fragment for found in _SLOTS.values() for fragment in found))
"""Every fragment once."""


def text_of(program: Program) -> str:
    """The program as Python."""
    return "".join(fragment for _, fragment in program)


def brute_force(asked: Composition, *, cubic: bool = False) -> Program:
    """Two loops, right on every input. `cubic`: sums anew what it could have kept, where the composition has sums of
    subarrays."""
    xor = asked.condition == "xor_is_k"
    sliced = cubic and asked.structure == "subarrays" and not xor
    condition = _AVERAGE[asked.structure] if asked.condition == "average_is_k" else _CONDITION[asked.condition]
    found = (
        ("head", _HEAD),
        ("transform", _TRANSFORM[asked.transform]),
        ("initial", _INITIAL[asked.aggregate]),
        ("loop_i", _LOOP_I),
        ("left_slow", _LEFT_SLOW[asked.left]),
        ("zero", _ZERO if asked.structure == "subarrays" and not sliced else ""),
        ("loop_j", _LOOP_J[asked.structure]),
        ("value", _SLICE if sliced else _VALUE[asked.structure, xor]),
        ("condition", condition),
        ("extra", _EXTRA[asked.extra]),
        ("right_slow", _RIGHT_SLOW[asked.right]),
        ("update", _UPDATE[asked.aggregate]),
        ("output", _OUTPUT[asked.output]),
        ("foot", _FOOT),
    )
    return tuple((slot, fragment) for slot, fragment in found if fragment)


def efficient(asked: Composition) -> Program:
    """One loop and a dictionary of what may stand on the left: right on every input where nothing is asked of both ends
    together, for it does not look at that."""
    kind = (asked.structure, asked.condition)
    keep = (("key", _KEY[kind]), ("left", _LEFT[asked.left]), ("store", _STORE[asked.aggregate]))
    find = (("wanted", _WANTED[kind]), ("right", _RIGHT[asked.right]), ("look_up", _LOOK_UP[asked.aggregate]))
    subarrays = asked.structure == "subarrays"
    return (
        ("head", _HEAD),
        ("transform", _TRANSFORM[asked.transform]),
        ("initial", _INITIAL[asked.aggregate]),
        ("dictionary", _DICTIONARY),
        *((("prefix", _PREFIX),) if subarrays else ()),
        ("loop", _LOOP),
        *((*keep, ("add", _ADD[asked.condition == "xor_is_k"]), *find) if subarrays else (*find, *keep)),
        ("output", _OUTPUT[asked.output]),
        ("foot", _FOOT),
    )


def tricky_slots(asked: Composition) -> frozenset[str]:
    """Slots of the efficient program that are easy to get wrong for this composition."""
    found: set[str] = set()
    if asked.condition in ("sum_mod_3_is_1", "xor_is_k", "average_is_k"):
        found.add("wanted")
    if asked.aggregate != "count":
        found |= {"store"} if asked.aggregate == "total_length" else {"look_up"}
    if asked.left != "left_any":
        found.add("left")
    if asked.right != "right_any":
        found.add("right")
    if asked.output != "plain":
        found.add("output")
    return frozenset(found)


def with_mistakes(program: Program, tricky: frozenset[str], rng: random.Random, *, rate: float, tricky_rate: float) -> Program:
    """The program with each slot's fragment replaced by another of that slot with the probability given."""
    return tuple((slot, _mistaken(slot, fragment, tricky_rate if slot in tricky else rate, rng)) for slot, fragment in program)


def _mistaken(slot: str, fragment: str, rate: float, rng: random.Random) -> str:
    others = [other for other in _SLOTS[slot] if other != fragment]
    return rng.choice(others) if others and rng.random() < rate else fragment
