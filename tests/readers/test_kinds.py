"""What goes wrong in real exports, each kind in every layout in which it can occur.

A quotation under another person's name is the worst fault: in each test every line must stand
under its own speaker, at its own second, with no word lost or invented.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layouts import BARE, FIELDS, HEADED, NOBODY, PREFIXED, Layout, Said

from askpod.model import Turn

LABELS = [
    ("Bram's iPhone", "Mara Lind"),
    ("iPad de Luc\u00eda", "Galaxy S21"),
    ("Mara Lind (she/her)", "bo sand (he/him)"),
    ("Lind, Mara", "SAND Bo"),
    ("mara", "bo sand"),
    ("mara_lind", "bo.sand"),
    ("mara@tidal.example", "bo@tidal.example"),
    ("Mara Lind | Tidal Works", "Bo / Kiln Co"),
    ("Mara Lind [Guest]", "Bo - Kiln"),
    ("Dr. Mara Lind, PhD", "de la Cruz, Ana"),
    ("\u041c\u0430\u0440\u0438\u043d\u0430", "\u5c71\u7530\u592a\u90ce"),
    ("Room 4B", "+1 415-555-0123"),
    ("Mara Lind (Host, Tidal Works)", "The Moderator"),
    ("Q", "A"),
    ("Bo S.", "Mara Lind Jr."),
    ("[External] Mara Lind", "Bo Sand"),
]
DIARISED = [
    ("speaker 0", "speaker 1", "speaker ?"),
    ("SPEAKER_00", "SPEAKER_01", "SPEAKER_??"),
    ("Speaker A", "Speaker B", "Unknown Speaker"),
    ("Speaker \u21161", "Speaker \u21162", "Unknown"),
    ("\u0421\u043f\u0438\u043a\u0435\u0440 1", "\u0421\u043f\u0438\u043a\u0435\u0440 2", "Unknown"),
]
BRACKETS = ["({})", "[{}]", "<{}>", "{{{}}}", "[{}]:"]
WORDS = tuple(
    [
        "kelp",
        "lamp",
        "stone",
        "oven",
        "tide",
        "mill",
        "gear",
        "rope",
        "wool",
        "dye",
        "salt",
        "crow",
        "nest",
        "barn",
    ]
)


def talk(names: Sequence[str], count: int = 14, seconds: Sequence[int] = ()) -> list[Said]:
    """Lines by the names in turn, each with other words, every seven seconds unless told."""
    words = itertools.cycle(WORDS)
    starts = seconds or [3 + 7 * number for number in range(count)]
    return [
        Said(
            names[number % len(names)],
            at,
            f"Line {number} is of {' '.join(itertools.islice(words, 5))}.",
        )
        for number, at in enumerate(starts)
    ]


def of_all(*groups: dict[str, Layout]) -> list:
    return [pytest.param(layout, id=name) for group in groups for name, layout in group.items()]


PARTS = 3
in_parts = pytest.mark.parametrize(
    "part", [0, *(pytest.param(part, marks=pytest.mark.thorough) for part in range(1, PARTS))]
)
LAYOUTS = [layout for group in (PREFIXED, HEADED, FIELDS, BARE) for layout in group.values()]


def share(kinds: Sequence, layout: Layout, part: int) -> Sequence:
    """A part of the kinds, another one for the next layout; the parts of a layout make up all."""
    return kinds[(LAYOUTS.index(layout) + part) % PARTS :: PARTS]


def turns(read, layout: Layout, spoken: Sequence[Said]) -> tuple[Turn, ...]:
    ending, make = layout
    return read(make(spoken), f"talk{ending}").episode.turns


def told(turns: Sequence[Turn], spoken: Sequence[Said]) -> list[tuple[str, int, str]]:
    """Each line as it was read: under whom, at which whole second, and its words."""
    found = []
    for said in spoken:
        turn = next((turn for turn in turns if said.text in turn.text), None)
        assert turn is not None, f"lost: {said.text}"
        place = turn.text.index(said.text)
        marks = [(0, turn.start), *turn.marks]
        found.append((turn.speaker, int(max(m for at, m in marks if at <= place)), said.text))
    return found


def words(turns: Sequence[Turn]) -> list[str]:
    return " ".join(turn.text for turn in turns).split()


def words_of(spoken: Sequence[Said]) -> list[str]:
    return " ".join(said.text for said in spoken).split()


@in_parts
@pytest.mark.parametrize("layout", of_all(PREFIXED, HEADED, FIELDS))
def test_any_label_names_its_own_lines_only(read, layout, part):
    for names in share(LABELS, layout, part):
        if layout is FIELDS["ass"] and any("," in name for name in names):
            continue  # a field of ASS can hold none
        spoken = talk(names)
        found = turns(read, layout, spoken)
        assert told(found, spoken) == [tuple(said) for said in spoken]
        assert words(found) == words_of(spoken)


@pytest.mark.parametrize("layout", of_all(PREFIXED, HEADED))
def test_a_diarisers_labels_are_speakers_and_its_question_mark_is_nobody(read, layout):
    for one, other, unknown in DIARISED:
        spoken = talk((one, other))
        spoken[5] = spoken[5]._replace(who=unknown)
        found = turns(read, layout, spoken)
        wanted = [(said.who if said.who != unknown else "", *said[1:]) for said in spoken]
        assert told(found, spoken) == wanted
        assert words(found) == words_of(spoken)


@in_parts
@pytest.mark.parametrize("bracket", BRACKETS)
@pytest.mark.parametrize("layout", of_all(PREFIXED))
def test_a_diarisers_brackets_are_no_words(read, layout, bracket, part):
    if bracket[0] in {".html": "<{", ".ttml": "<", ".md": "<{", ".ass": "{"}.get(layout[0], ""):
        pytest.skip("a tag there")
    ending, make = layout
    for one, other, _ in share(DIARISED, layout, part):
        spoken = talk((one, other))
        marked = [said._replace(who=f"\u00a7{bracket.format(said.who)}\u00a7") for said in spoken]
        made = make(marked)
        if isinstance(made, bytes) or ending == ".json":
            continue  # its text is not there to be changed
        made = made.replace("\u00a7:**", "**").replace("\u00a7**:", "**")
        made = made.replace("\u00a7:", "").replace("\u00a7", "").replace("</b>:", "</b>")
        found = read(made, f"talk{ending}").episode.turns
        assert told(found, spoken) == [tuple(said) for said in spoken]


@in_parts
@pytest.mark.parametrize("layout", of_all(BARE))
def test_a_label_holds_until_the_next_one_and_one_that_stands_once_is_one(read, layout, part):
    for one, other in share(LABELS, layout, part):
        spoken = talk([NOBODY], 90)
        names = [(other, one)[(number // 4) % 2] for number in range(90)]
        names[52:56] = ["Ida"] * 4
        for place in range(0, 90, 4):
            spoken[place] = spoken[place]._replace(who=names[place])
        found = turns(read, layout, spoken)
        assert [who for who, *_ in told(found, spoken)] == names
        assert words(found) == words_of(spoken)


@in_parts
@pytest.mark.parametrize("layout", of_all(BARE))
def test_few_labels_name_at_most_their_own_lines(read, layout, part):
    few = (["Tidal Works"], ["Tidal Works", "Mara Lind"], ["budget"])
    for names in share(few, layout, part):
        spoken = talk([NOBODY], 400)
        for number, place in enumerate((40, 150, 220, 330)):
            spoken[place] = spoken[place]._replace(who=names[number % len(names)])
        credited = {said.text: said.who for said in spoken if said.who != NOBODY}
        for turn in turns(read, layout, spoken):
            if turn.speaker:
                assert [t for t, who in credited.items() if t in turn.text and who == turn.speaker]
                assert len(words([turn])) == len(words_of([spoken[0]]))


@pytest.mark.parametrize("layout", of_all(PREFIXED, HEADED, FIELDS))
@pytest.mark.parametrize(
    ("stated", "wanted"),
    [
        ([3 + 7 * n for n in range(9)] * 2, None),  # in parts: file order is all that is known
        ([(1000 + 190 * n) % 3600 for n in range(20)], [1000 + 190 * n for n in range(20)]),
        ([3, 10, 35_000, 24, 31], [3, 10, None, 24, 31]),
        ([3, 10, 17, 24, 9_000], [3, 10, 17, 24, None]),
    ],
    ids=["parts", "hour forgotten", "one far out", "the last far out"],
)
def test_words_keep_the_order_of_the_file_whatever_its_clock_says(read, layout, stated, wanted):
    spoken = talk(("Mara Lind", "Bo Sand"), seconds=stated)
    found = turns(read, layout, spoken)
    assert words(found) == words_of(spoken)
    starts = [turn.start for turn in found]
    assert starts == sorted(starts)
    seconds = [at for _, at, _ in told(found, spoken)]
    if wanted is None:
        assert seconds[9:] == sorted(seconds[9:])
        assert seconds[9] >= spoken[8].at
    else:
        pairs = zip(seconds, wanted, strict=True)
        assert all(right is None or at == right for at, right in pairs), seconds
    assert [who for who, *_ in told(found, spoken)] == [said.who for said in spoken]


@pytest.mark.parametrize("layout", of_all(PREFIXED, HEADED, FIELDS))
def test_what_is_given_twice_counts_once(read, layout):
    spoken = talk(("Mara Lind", "Bo Sand"))
    for twice in ([said for said in spoken for _ in range(2)], spoken * 2):
        found = turns(read, layout, twice)
        assert words(found) == words_of(spoken)
        assert told(found, spoken) == [tuple(said) for said in spoken]


@pytest.mark.parametrize("layout", of_all(PREFIXED, HEADED, FIELDS))
def test_scripts_without_spaces_get_none(read, layout):
    pieces = ["私たちは海で", "昆布を育てる。"]
    pieces += ["冷たい水の中", "で伸びます。"]
    names = "\u7530\u4e2d", "\u9234\u6728"
    spoken = [Said(names[n // 4], 3 + 4 * n, f"{pieces[n % 4]}") for n in range(8)]
    found = turns(read, layout, spoken)
    assert "".join(turn.text for turn in found) == "".join(said.text for said in spoken)
    assert {turn.speaker for turn in found} == set(names)


LAST_LINES = [
    "Mara Lind stopped transcription",
    "Meeting ended after 01:02:03",
    "The recording has stopped.",
    "Transcribed by https://scribe.example",
    "Transcript generated by Otter.ai",
    "End of transcript",
]


@in_parts
@pytest.mark.parametrize("layout", of_all(PREFIXED, HEADED))
def test_a_tools_own_last_line_is_no_speech(read, layout, part):
    ending, make = layout
    spoken = talk(("Mara Lind", "Bo Sand"))
    for line in share(LAST_LINES, layout, part):
        made = make(spoken)
        if ending == ".html":
            made = made.replace("</body>", f"<p>{line}</p></body>")
        elif ending in (".txt", ".md"):
            made += f"\n\n{line}\n"
        elif ending in (".srt", ".vtt"):
            point = "," if ending == ".srt" else "."
            made += f"\n00:09:00{point}000 --> 00:09:02{point}000\n{line}\n"
        else:
            pytest.skip("the line would be a row of its own")
        found = read(made, f"talk{ending}").episode.turns
        assert words(found) == words_of(spoken), line


NAMES = st.lists(
    st.sampled_from([name for pair in LABELS for name in pair]), min_size=2, max_size=4, unique=True
)


def within(names: Sequence[str]) -> bool:
    """Whether a name ends with another: "[laughs] Ann" may then be a sound, and Ann's line."""
    return any(one != other and one.endswith(other) for one in names for other in names)


SPEECH = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=3, max_size=9).map(
        lambda said: f"{' '.join(said).capitalize()}."
    ),
    min_size=12,
    max_size=24,
    unique=True,
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    NAMES.filter(lambda names: "," not in "".join(names) and not within(names)),
    SPEECH,
    st.sampled_from([*PREFIXED.values(), *HEADED.values(), *FIELDS.values()]),
)
def test_no_word_is_lost_or_invented_and_no_label_is_speech(read, names, speech, layout):
    spoken = [
        Said(names[number % len(names)], 3 + 7 * number, said) for number, said in enumerate(speech)
    ]
    found = turns(read, layout, spoken)
    assert words(found) == words_of(spoken)
    spoken_by = [(turn.speaker, word) for turn in found for word in turn.text.split()]
    assert spoken_by == [(said.who, word) for said in spoken for word in said.text.split()]
