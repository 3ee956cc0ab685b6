"""Where a warm run answers otherwise than `python3 sol.py`, and why that is so. docs/explanation/fidelity.md says the same."""

KNOWN_DIFFERENCES: dict[str, str] = {
    "names_of_loaded_modules": "The modules that contest programs use most are loaded already, so `sys.modules` holds more names.",
    "collections_without_abc": "A submodule of a loaded module can be used without importing it: a program that forgot the import passes.",
    "frozen_objects": "`gc.get_freeze_count()` counts what was loaded before the fork.",
    "garbage_counts": "The collector's counters start elsewhere.",
    "command_line_in_proc": "`/proc/self/cmdline` names the runner; `sys.argv` and `sys.orig_argv` are right.",
    "recursion_limit_itself": "`sys.getrecursionlimit()` is 2 or 3 more than 1000, for what lies below the program's first frame.",
    "recursion_to_the_limit": "A limit that the program sets itself is reached three levels sooner, for the same reason.",
    "print_stack": "Two frames of the runner, `<module>` and `execute`, lie below the program's first; tracebacks of errors do not show them.",
    "extracted_stack": "Two frames of the runner lie below the program's first.",
    "frame_below_main": "Two frames of the runner lie below the program's first.",
    "destructor_raises": "Errors in destructors at exit are printed with their source line; a fresh interpreter has lost it by then.",
}
