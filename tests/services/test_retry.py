"""The one retry: how long it waits, how often it tries, and what a Retry-After may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod.errors import ModelError
from askpod.services.retry import LONGEST_ASKED, LONGEST_WAIT, RequestFailure, Retries, retry_after


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 1.5 ", 1.5),
        ("0", 0),
        ("9" * 400, LONGEST_ASKED),
        ("1" + "0" * 5_000, LONGEST_ASKED),
        ("0." + "9" * 400, 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_ASKED),
        ("Mon, 01 Jan 2024 00:00:00 GMT", 0),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("inf", None),
        ("nan", None),
        ("-5", None),
        ("1e9", None),
        ("٣", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_retry_after_is_read_or_left(header, seconds):
    assert retry_after(header) == (None if seconds is None else pytest.approx(seconds))


def test_a_date_is_told_in_seconds():
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 27 < (retry_after(soon) or 0) < 31


@given(
    st.text() | st.from_regex(r"[0-9.,:+\- ]{0,500}|[A-Z][a-z]{2}, [0-9]{1,9} Jan [0-9 :]{0,40}")
)
def test_any_header_is_a_bounded_wait_or_none(header):
    seconds = retry_after(header)
    assert seconds is None or 0 <= seconds <= LONGEST_ASKED


def test_waits_double_with_jitter_up_to_the_longest():
    retries = Retries(first_wait=1.0)
    for expected in (1, 2, 4, 8, 8, 8):
        assert 0.75 * expected <= (retries.next_wait() or 0) <= 1.25 * expected
    assert LONGEST_WAIT == 8


def test_tries_end_after_their_number_and_what_is_asked_for_is_waited():
    retries = Retries(tries=3, first_wait=0.01)
    assert retries.next_wait(5.0) == 5.0
    assert (retries.next_wait(0.0) or 0) < 0.1
    assert retries.next_wait() is None
    assert retries.tried.startswith("tried 3 times in 0 s")


def test_more_than_the_patience_is_not_waited_for():
    assert Retries(seconds=10).next_wait(LONGEST_ASKED) is None


@pytest.mark.parametrize("retryable", [True, False])
def test_the_last_failure_is_the_error(retryable):
    failure = RequestFailure(ModelError("it failed", retryable=retryable))
    retries = Retries(tries=2, first_wait=0.01)
    if retryable:
        retries.wait_after(failure)
    with pytest.raises(ModelError, match="it failed") as error:
        retries.wait_after(failure)
    assert ("tried 2 times" in str(error.value)) == retryable
