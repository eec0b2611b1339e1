"""What is kept of answers, and how much of it."""
from __future__ import annotations

from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.search.recent import Recent

MOST = 20


@given(st.lists(st.integers(0, 12)))
def test_it_keeps_what_was_asked_for_last_as_far_as_there_is_room(asked: list[int]) -> None:
    recent: Recent[int] = Recent(MOST, lambda value: value)
    expected: OrderedDict[int, int] = OrderedDict()
    for key in asked:
        made: list[int] = []
        assert recent.get(key, lambda key=key, made=made: made.append(key) or key) == key  # type: ignore[misc]
        assert bool(made) is (key not in expected)
        expected[key] = key
        expected.move_to_end(key)
        while sum(expected.values()) > MOST:
            expected.popitem(last=False)
        assert len(recent) == len(expected)


def test_what_cannot_be_made_is_not_kept() -> None:
    recent: Recent[int] = Recent(MOST, lambda value: value)
    with pytest.raises(ZeroDivisionError):
        recent.get("a", lambda: 1 // 0)
    assert recent.get("a", lambda: 1) == 1


def test_a_value_larger_than_all_the_room_is_given_and_not_kept() -> None:
    recent: Recent[int] = Recent(MOST, lambda value: value)
    assert recent.get("a", lambda: MOST + 1) == MOST + 1
    assert not len(recent)
