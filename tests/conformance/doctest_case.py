"""Runs one doctest case. Standard library only, so that it also runs in Pyodide."""

import doctest
import io
import re
import time

CHECKER = doctest.OutputChecker()
LOG_CHARACTERS = 6000


def run_case(case: dict, make_global) -> dict:
    """Runs `case` in fresh globals; `make_global(name)` supplies `spark`, `sc`, `temp_path`, …

    Every example must pass; `ELLIPSIS` and `NORMALIZE_WHITESPACE` are all that is forgiven.
    """
    start = time.time()
    globs = {"__name__": "__main__"}
    for name in case["globs"]:
        globs[name] = make_global(name)
    for line in case["preamble"]:
        exec(line, globs)
    flags = 0
    for flag in case["flags"]:
        flags |= doctest.OPTIONFLAGS_BY_NAME[flag]
    examples = [
        doctest.Example(
            example["source"],
            example["want"],
            exc_msg=example["exc"],
            options={doctest.OPTIONFLAGS_BY_NAME[flag]: on for flag, on in example["opts"].items()},
        )
        for example in case["examples"]
    ]
    test = doctest.DocTest(examples, globs, case["id"], case["file"], case["line"], None)
    log = io.StringIO()
    runner = doctest.DocTestRunner(checker=CHECKER, verbose=False, optionflags=flags)
    result = runner.run(test, out=log.write, clear_globs=True)
    text = log.getvalue()
    return {
        "id": case["id"],
        "status": "failed" if result.failed else "passed",
        "examples": result.attempted,
        "examples_failed": result.failed,
        "secs": round(time.time() - start, 3),
        "reason": first_reason(text) if result.failed else None,
        "log": text[:LOG_CHARACTERS] if result.failed else None,
    }


def first_reason(log: str) -> str:
    """What the first failing example of a doctest report says, in one line that equal failures share."""
    first = log.split("*" * 70)[1] if "*" * 70 in log else log
    raised = first.partition("Exception raised:\n")[2]
    if raised:
        lines = raised.rstrip().splitlines()
        while lines and not re.match(r"    [A-Za-z_][\w.]*(Exception|Error|Interrupt|Exit|Warning)\b", lines[0]):
            lines.pop(0)
        if not lines:
            return shorten(raised.strip().splitlines()[-1])
        # Some messages begin on the line after their class.
        rest = next((line for line in lines[1:] if line.strip()), "") if lines[0].rstrip().endswith(":") else ""
        return shorten(f"{lines[0].strip()} {rest.strip()}")
    got = first.partition("Got:\n")[2].strip()
    error = re.search(r"^\s*[A-Za-z_][\w.]*(?:Exception|Error): .*", got, re.M)
    if error:
        return shorten(error.group())
    return "output differs" if got else "no output"


def shorten(line: str) -> str:
    """Without what differs from run to run, and no longer than a line."""
    line = re.sub(r"0x[0-9a-f]+|/tmp/\S+", "…", line.strip())
    line = re.sub(r"#\d+", "#n", line)
    line = re.sub(r"^(pyspark\.errors\.exceptions\.\w+\.)(?=\w+: \[)", "", line)
    line = re.sub(r" on search path \[.*|SQLSTATE: \w+$", "", line).strip()
    return line if len(line) <= 200 else line[:199] + "…"
