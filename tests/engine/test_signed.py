"""Differences as people read them: no change has no sign."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.commands.retrain import print_gate
from engine.evaluation.scores import PRF
from engine.gate import Figures, Learned, Part, decide
from engine.signed import signed


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0, "0.00"), (-0.0, "0.00"), (-0.004, "0.00"), (0.004, "0.00"), (-0.006, "-0.01"), (12, "+12.00")]
)
def test_what_rounds_to_nothing_has_no_sign(value, shown):
    assert signed(value) == shown


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_the_sign_is_that_of_the_number_shown(value, digits):
    shown = signed(value, digits)
    assert float(shown) == round(value, digits)
    assert (shown[0] in "+-") == (float(shown) != 0)


@pytest.mark.parametrize("after", [0.9, 0.9 - 1e-6, 0.9 + 1e-6])
def test_no_change_is_shown_as_none_by_the_gate(after, capsys):
    row = Figures("LOC", 60, PRF(0.9, 0.9, 0.9), PRF(after, after, after), 0, 0)
    gate = decide([Part("held_out", 9, row, (row,))], Learned(0, 0, 0, ()), [])
    print_gate(gate)
    assert " 0.00 " in capsys.readouterr().out.replace("|", " ")
