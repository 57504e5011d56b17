"""Call sites without an engine: calls through functions of cells, as frames see them."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from kindling import callsite  # noqa: E402


def ask():
    return callsite.current()


def test_the_call_in_the_cell_is_named_with_its_line():
    callsite.name_cell("<cell 7>", 3)
    names = {"show": lambda: ask()}
    exec(compile("x = 1\nsite = show()", "<cell 7>", "exec"), names)
    assert names["site"] == "<lambda> at cell 3, line 2"


def test_a_function_of_an_earlier_cell_names_that_cell():
    callsite.name_cell("<cell 8>", 1)
    callsite.name_cell("<cell 9>", 2)
    names = {"ask": ask}
    exec(compile("def helper():\n    return ask()", "<cell 8>", "exec"), names)
    exec(compile("site = helper()", "<cell 9>", "exec"), names)
    assert names["site"] == "ask at cell 1, line 2"


def test_the_last_value_of_a_cell_is_displayed_from_its_line():
    callsite.name_cell("<cell 10>", 4)
    callsite.showing("<cell 10>", 6)
    assert ask() == "display at cell 4, line 6"
    callsite.showing(None)
    assert ask() is None
