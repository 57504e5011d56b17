"""Cells without a browser: a host that writes down what it is told."""

import asyncio
import builtins
import json
import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from kindling.cells import Kernel  # noqa: E402


class Host:
    def __init__(self):
        self.calls = []

    def stream(self, name, text):
        self.calls.append((name, text))

    def display(self, bundle, metadata, display_id, update):
        self.calls.append(("display", json.loads(bundle)))

    def result(self, bundle):
        self.calls.append(("result", json.loads(bundle)))

    def error(self, error):
        self.calls.append(("error", json.loads(error)))

    def interruptible(self, on):
        pass

    def in_index(self, module):
        return module == "in_the_index"

    def sleep(self, seconds):
        pass


@pytest.fixture
def run(tmp_path):
    kept = sys.stdout, sys.stderr, time.sleep, builtins.input, sys.modules["__main__"]
    host = Host()
    kernel = Kernel(host, str(tmp_path))

    def execute(code):
        host.calls.clear()
        # pytest puts its own streams back between a fixture and its test.
        sys.stdout, sys.stderr = kernel._stdout, kernel._stderr
        try:
            return asyncio.run(kernel.run(code, 1)), list(host.calls)
        finally:
            sys.stdout, sys.stderr = kept[:2]

    yield execute
    sys.stdout, sys.stderr, time.sleep, builtins.input, sys.modules["__main__"] = kept


def test_the_last_expression_is_the_result(run):
    assert run("1 + 1") == ("ok", [("result", {"text/plain": "2"})])
    assert run("1 + 1;") == ("ok", [])


def test_await_works_at_top_level(run):
    assert run("import asyncio\nawait asyncio.sleep(0)\n7")[1] == [("result", {"text/plain": "7"})]


def test_an_error_names_the_line_of_the_cell(run):
    status, calls = run("def f():\n  return 1/0\nf()")
    assert status == "error"
    assert (calls[0][1]["ename"], calls[0][1]["line"]) == ("ZeroDivisionError", 2)


def test_a_missing_package_of_the_index_says_where_it_comes_from(run):
    assert "package index" in run("import in_the_index")[1][0][1]["evalue"]
    assert run("import nowhere_at_all")[1][0][1]["evalue"] == "No module named 'nowhere_at_all'"


def test_an_interrupt_aborts_the_cell(run):
    assert run("raise KeyboardInterrupt")[0] == "aborted"


def test_input_raises_a_clear_error(run):
    assert "input() is not supported" in run("input()")[1][0][1]["evalue"]


def test_a_million_lines_are_bounded_and_the_end_is_kept(run):
    calls = run("for i in range(1_000_000): print(i)")[1]
    assert sum(len(text) for _, text in calls) < 1_200_000
    assert calls[-1][1].endswith("999999\n") and "characters left out" in calls[-1][1]
