"""Metadata of the wrong type never stops a file; names of guests are found."""

import pytest

LINE = {"line": "Hello there.", "sec": 1, "who": "Ann"}


def kinds(reading):
    return {fault.kind for fault in reading.faults}


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("season", "three", "bad-value"),
        ("season", [1], "wrong-type"),
        ("episode", -2, "bad-value"),
        ("episode", 1e300, "bad-value"),
        ("date", "someday", "bad-value"),
        ("date", "2024-02-31", "bad-value"),
        ("duration", "an hour", "bad-value"),
        ("duration", {"hours": 1}, "wrong-type"),
        ("topics", "bees, budgets", "wrong-type"),
        ("links", ["https://a.example"], "wrong-type"),
        ("links", {"x": "javascript:alert(1)"}, "bad-link"),
        ("ids", {"youtube": "no id at all"}, "bad-link"),
        ("title", ["A", "B"], "wrong-type"),
        ("title", None, "title-missing"),
    ],
)
def test_wrong_metadata_is_reported_with_its_line(read_rows, field, value, kind):
    reading = read_rows(LINE, **{field: value})
    assert kind in kinds(reading)
    assert all(fault.line > 1 for fault in reading.faults)
    assert reading.episode.turns[0].text == "Hello there."


def test_wrong_metadata_is_coerced_or_left_out(read_rows):
    episode = read_rows(
        LINE, season="three", date="2024-02-31", topics="bees, budgets", title=None
    ).episode
    assert (episode.season, episode.date) == (None, None)
    assert episode.topics == ("bees", "budgets")
    assert episode.title == "talk"


@pytest.mark.parametrize("value", [5, "x", ["a"], [[1]], {"a": {"b": 1}}, None, True])
@pytest.mark.parametrize("field", ["ids", "links", "guests", "topics", "intro", "quotableClips"])
def test_no_type_of_metadata_stops_a_file(read_rows, field, value):
    assert read_rows(LINE, **{field: value}).episode.turns


def test_the_video_is_found_in_the_links(read_rows):
    links = {"youtube": "https://www.youtube.com/watch?v=abcdefghijk"}
    assert read_rows(LINE, links=links).episode.youtube == "abcdefghijk"


@pytest.mark.parametrize(
    ("guest", "fields", "name"),
    [
        ("maralind", {"intro": "Today <b>Mara Lind</b>, a farmer, counts."}, "Mara Lind"),
        ("maralind", {"intro": "We ask about Mara Lind's bees."}, "Mara Lind"),
        ("josenunez", {"title": "Bees with José Núñez-"}, "José Núñez"),
        ("annabowneross", {"short": "Anna Bowne-Ross on bees"}, "Anna Bowne-Ross"),
        ("maralind", {"links": {"x": "https://a.example/e/Bees---Mara-Lind-e1x"}}, "Mara Lind"),
        ("maralind", {"links": {"x": "https://a.example/bees-mara-lind/id1"}}, "Mara Lind"),
        ("lukaszwrona", {"short": "Łukasz Wrona"}, "Łukasz Wrona"),
        ("7maralind", {"short": "Mara Lind"}, "Mara Lind"),
        ("hex", {"intro": "Jo Hex Ray is here."}, "Hex"),
        ("hex", {"intro": "They count in hex today."}, "hex"),
        ("unknownguest", {"intro": "Somebody else."}, "unknownguest"),
        ("Mara Lind", {}, "Mara Lind"),
    ],
)
def test_a_guest_is_named_as_the_metadata_spells_it(read_rows, guest, fields, name):
    assert read_rows(LINE, guests=[guest], **fields).episode.guests == (name,)


def test_prose_is_believed_before_links(read_rows):
    fields = {
        "links": {"x": "https://a.example/Jos-Nunez", "y": "https://a.example/Jose-Nunez"},
        "intro": "With José Núñez.",
    }
    assert read_rows(LINE, guests=["josenunez"], **fields).episode.guests == ("José Núñez",)
