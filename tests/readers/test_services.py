"""JSON of transcription services, and lists of timed rows under any of the usual names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.errors import Unrecognised
from askpod.readers import read_episode

EXPORTS = Path(__file__).parent / "exports"


def said(episode) -> list[tuple[str, float, str]]:
    return [(turn.speaker, turn.start, turn.text) for turn in episode.turns]


@pytest.mark.parametrize(
    ("name", "turns"),
    [
        ("bee-line.json", [("A", 0.4, "Where do they fly?"), ("B", 2.3, "To the lindens."),
                           ("A", 4.5, "All of them?")]),
        ("stork-nest.json", [("spk_0", 0.4, "Who mends it?"), ("spk_1", 1.5, "She does.")]),
        ("owl-pellet.json", [("0", 0.2, "What is in it"), ("1", 1.6, "bones")]),
        ("reed-bed.json", [("Hanne Rush", 0.5, "Cut it."), ("Karl Sedge", 2.0, "When?")]),
        ("tar-kiln.json", [("speaker_0", 0.1, "Stir it."), ("speaker_1", 0.9, "Slowly.")]),
        ("loom-shed.json", [("Greta Weft", 1.0, "The shed is loud."),
                            ("Otto Warp", 4.0, "You get used to it.")]),
    ],
)  # fmt: skip
def test_the_json_of_a_service(name, turns):
    reading = read_episode(EXPORTS / name)
    assert said(reading.episode) == turns
    assert reading.faults == ()


ROWS = [
    ("Ann", 1.5, 3.0, "Is it lit?"),
    ("Bo", 3.5, 5.0, "It is, and hot."),
    ("Ann", 6.0, 7.0, "So."),
]


def rows(speaker: str, start: str, end: str, text: str, unit: float = 1.0, *, lasts: bool = False):
    return [
        {
            speaker: who,
            start: begin * unit,
            end: (stop - begin if lasts else stop) * unit,
            text: words,
        }
        for who, begin, stop, words in ROWS
    ]


@pytest.mark.parametrize(
    "value",
    [
        rows("speaker", "startTime", "endTime", "text"),
        rows("speaker_name", "start_time", "end_time", "sentence"),
        rows("speaker", "start", "end", "text", 1000),
        rows("speakerLabel", "startMs", "endMs", "transcript", 1000),
        {"items": rows("speakerName", "startTimeInSeconds", "endTimeInSeconds", "text")},
        rows("participant", "begin", "duration", "body", lasts=True),
        {"result": {"transcription": {"utterances": rows("speaker", "start", "end", "text")}}},
        {"phrases": rows("speaker", "offsetMilliseconds", "durationMilliseconds", "text", 1000,
                         lasts=True)},
        {"chunks": [{"text": "no", "timestamp": [0, 1]}], "speakers": [
            {"speaker": who, "timestamp": [begin, end], "text": text}
            for who, begin, end, text in ROWS]},
        {"segments": [{"start": b, "end": e, "text": t, "speaker": "1", "voice": who}
                      for who, b, e, t in ROWS]},
        {"entries": [{"speakerId": "x", "speakerDisplayName": who, "text": text,
                      "startOffset": f"00:00:0{begin}", "endOffset": f"00:00:0{end}"}
                     for who, begin, end, text in ROWS]},
        {"recognizedPhrases": [
            {"speaker": who, "offsetInTicks": begin * 1e7, "nBest": [{"display": text}]}
            for who, begin, _, text in ROWS]},
        {"messages": [
            {"text": text, "from": {"name": who}, "startTime": f"2024-05-01T10:00:0{int(begin)}Z",
             "timeOffset": begin, "duration": end - begin, "phrases": []}
            for who, begin, end, text in ROWS]},
        {"results": [
            {"alternatives": [{"transcript": text, "timestamps": [
                [word, begin + n / 4, end] for n, word in enumerate(text.split())]}]}
            for _, begin, end, text in ROWS],
         "speaker_labels": [
            {"from": begin + n / 4, "to": end, "speaker": who}
            for who, begin, end, text in ROWS for n, _ in enumerate(text.split())]},
    ],
)  # fmt: skip
def test_rows_under_the_names_of_many_tools(read, value):
    found = said(read(json.dumps(value), "kiln.json").episode)
    assert [(who, text) for who, _, text in found] == [(who, text) for who, _, _, text in ROWS]
    assert [start for _, start, _ in found] == pytest.approx([1.5, 3.5, 6.0])


def timed(key: str, start: str, value=float) -> list[tuple[str, list[dict]]]:
    """The speakers of ROWS with their words, each half a second behind the one before it."""
    return [
        (who, [{key: word, start: value(begin + n / 2)} for n, word in enumerate(text.split())])
        for who, begin, _, text in ROWS
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"timeline": [{"ts": f"00:00:0{b}", "text": t, "users": [{"username": who}]}
                      for who, b, _, t in ROWS]},
        {"segments": [{"start": b, "end": e, "text": t, "speaker": {"name": who}}
                      for who, b, e, t in ROWS]},
        [{"participant": {"id": 7.0, "name": who}, "words": words}
         for who, words in timed("text", "start_timestamp", lambda second: {"relative": second})],
        {"transcript": {"paragraphs": [
            {"speaker": who, "words": words} for who, words in timed("text", "start")]}},
        {"speakers": [{"id": "A", "name": "Ann"}, {"id": "B", "name": "Bo"}], "segments": [
            {"speaker": who[0], "start": words[0]["start"], "words": words}
            for who, words in timed("text", "start")]},
        {"Transcript": [{"Content": t, "ParticipantRole": who, "BeginOffsetMillis": b * 1000}
                        for who, b, _, t in ROWS]},
        {"jobName": "k", "results": {
            "items": [{**word, "alternatives": [word]}
                      for _, words in timed("content", "start_time", str) for word in words],
            "channel_labels": {"channels": [
                {"channel_label": who, "items": words}
                for who, words in timed("content", "start_time", str)]}}},
        {"response": {"results": [{"alternatives": [{"words": [
            {**word, **({"speakerTag": who} if tagged else {})}
            for who, words in timed("word", "startTime", "{}s".format) for word in words]}]}
            for tagged in (False, True)]}},
    ],
)  # fmt: skip
def test_speakers_and_words_wherever_a_tool_puts_them(read, value):
    found = said(read(json.dumps(value), "kiln.json").episode)
    assert [(who, text) for who, _, text in found] == [(who, text) for who, _, _, text in ROWS]
    assert [start for _, start, _ in found] == pytest.approx([1.5, 3.5, 6.0])


QUAY = [("s0", 3.25, "We waited all morning."), ("s1", 62.5, "Who told you that?")]


def _worded(word: Callable[[str, float, str], dict]) -> list[list[dict]]:
    """The words of each line, a quarter of a second apart."""
    return [
        [word(each, at + n / 4, who) for n, each in enumerate(text.split())]
        for who, at, text in QUAY
    ]


def _parts(second: float) -> dict[str, object]:
    return {"seconds": str(int(second)), "nanos": int(second % 1 * 1e9)}


_FLAT = [
    word
    for line in _worded(lambda w, at, who: {"word": w, "start": at, "speaker": who})
    for word in line
]
_LINES = [{"start": at, "speaker": who, "segment": text} for who, at, text in QUAY]


@pytest.mark.parametrize(
    "value",
    [
        {"results": [{"alternatives": [{"words": line}]} for line in _worded(
            lambda w, at, who: {"word": w, "startTime": _parts(at), "speakerLabel": who})]},
        {"results": [{"alternatives": [{"words": line}]} for line in _worded(
            lambda w, at, who: {"word": w, "start_time": f"{at}s", "speaker_label": who})]},
        {"recognizedPhrases": [
            {"speaker": who, "offset": f"PT{'1M' * (at > 60)}{at % 60}S", "nBest": [{"display": t}]}
            for who, at, t in QUAY]},
        {"segments": [{"speaker_label": who, "start_time": at, "words": line}
                      for (who, at, _), line in zip(QUAY, _worded(
                          lambda w, at, _: {"word": w, "start_time": at}), strict=True)]},
        {"segments": [{"start": at, "end": at + 1, "text": t, "speaker_label": who}
                      for who, at, t in QUAY]},
        [{"speaker": who, "start_time": str(at), "words": text} for who, at, text in QUAY],
        {"text": "…", "timestamp": {"segment": _LINES, "word": _FLAT}},
        {"output": {"words": _FLAT}},
        [{"speaker": who, "words": line} for (who, *_), line in zip(QUAY, _worded(
            lambda w, at, _: {"text": f"{w} ", "data_start": at}), strict=True)],
        [{"speaker": {"display_name": who}, "timecode": f"0:{at // 60:.0f}:{at % 60}",
          "dialogue": text} for who, at, text in QUAY],
    ],
    ids=["Google, parts", "Google, Python", "Azure", "start_time", "speaker_label", "SegLST",
         "NeMo", "words", "Happy Scribe", "display_name"],
)  # fmt: skip
def test_seconds_and_speakers_under_names_of_other_tools(read, value):
    reading = read(json.dumps(value), "talk.json")
    assert said(reading.episode) == [(who, pytest.approx(at), text) for who, at, text in QUAY]
    assert not reading.faults


@pytest.mark.parametrize("indent", [None, 1])
def test_json_lines(read, indent):
    rows = [{"start": at, "speaker": who, "text": text} for who, at, text in QUAY]
    text = "\n".join(json.dumps(row, indent=indent) for row in rows)
    assert said(read(f"{text}\n", "talk.jsonl").episode) == QUAY


def test_a_table_of_words_may_number_its_segments(read):
    rows = "".join(
        f"{n // 2},{n},{n + 1},{word}\n" for n, word in enumerate(["We", "waited", "here."])
    )
    found = said(read(f"segment,start,end,word\n{rows}", "talk.csv").episode)
    assert found == [("", 0.0, "We waited here.")]


def test_a_diarisers_table_of_numbered_segments_is_no_transcript(read):
    with pytest.raises(Unrecognised):
        read("segment,start,stop,speaker\n1,0.5,2.5,s0\n2,2.5,4.5,s1\n", "talk.csv")


def test_vosks_list_of_results(read):
    results = [
        {"result": [{"word": w, "start": n + 0.5, "end": n + 1} for w in ("it", "waits")]}
        for n in (0, 20)
    ]
    (turn,) = read(json.dumps(results), "kiln.json").episode.turns
    assert (turn.start, turn.text) == (0.5, "it waits it waits")
    assert (9, 20.5) in turn.marks


def test_channels_are_speakers_where_there_are_two(read):
    both = [
        {"start": n, "end": n + 1, "text": f"Row {n} is said.", "channel": n % 2} for n in range(4)
    ]
    assert {turn.speaker for turn in read(json.dumps(both), "x.json").episode.turns} == {
        "Channel 0",
        "Channel 1",
    }
    one = [{**row, "channel": 0} for row in both]
    assert {turn.speaker for turn in read(json.dumps(one), "x.json").episode.turns} == {""}


def test_google_and_speechmatics(read):
    google = {"results": [{"alternatives": [{"transcript": "is it lit", "words": [
        {"startTime": "1.500s", "word": "is", "speakerTag": 1},
        {"startTime": "1.800s", "word": "it", "speakerTag": 1},
        {"startTime": "2.100s", "word": "lit", "speakerTag": 2}]}]}]}  # fmt: skip
    assert said(read(json.dumps(google), "g.json").episode) == [
        ("1", 1.5, "is it"),
        ("2", 2.1, "lit"),
    ]
    spoken = {"results": [
        {"type": "word", "start_time": 1.5, "alternatives": [{"content": "Lit", "speaker": "S1"}]},
        {"type": "punctuation", "start_time": 1.9, "alternatives": [{"content": "?"}]},
        {"type": "word", "start_time": 2.5, "alternatives": [{"content": "Yes", "speaker": "S2"}]},
    ]}  # fmt: skip
    assert said(read(json.dumps(spoken), "s.json").episode) == [
        ("S1", 1.5, "Lit?"),
        ("S2", 2.5, "Yes"),
    ]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"id": "a", "status": "processing", "audio_url": "u", "utterances": None}, "AssemblyAI"),
        ({"jobName": "a", "results": {"transcripts": [{"transcript": "Hm."}]}}, "AWS Transcribe"),
        ({"results": {"channels": [{"alternatives": [{"transcript": "Hm."}]}]}}, "Deepgram"),
        ({"language_code": "en", "text": "Hm."}, "ElevenLabs"),
        ({"error": {"code": 401, "message": "Unauthorized"}}, "a service's error"),
        ({"chapters": [{"startTime": 0, "title": "The kiln"}]}, "a list of chapters"),
        ({"text": "We begin. It is late."}, "no times: ask the recogniser for segments"),
        ([{"speaker": "Bo", "text": "It is lit."}, {"speaker": "Al", "text": "Yes."}], "no times"),
    ],
)
def test_json_without_times_is_named_with_what_to_ask_for(read, value, why):
    with pytest.raises(Unrecognised, match=why):
        read(json.dumps(value), "talk.json")


WORD = st.sampled_from(["kiln", "salt", "heron", "weir", "it's", "two"])


@settings(max_examples=80)
@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.lists(WORD, min_size=2, max_size=9)), min_size=2),
    st.sampled_from([1, 1000]),
)
def test_words_keep_their_order_and_speakers(tmp_path_factory, said_by, unit):
    value = [
        {"speaker": who, "start": (9 * n + 1) * unit, "end": (9 * n + 4) * unit,
         "text": f"{n} {' '.join(words)}"}
        for n, (who, words) in enumerate(said_by)
    ]  # fmt: skip
    path = tmp_path_factory.mktemp("rows") / "rows.json"
    path.write_text(json.dumps(value))
    turns = read_episode(path).episode.turns
    assert [(turn.speaker, word) for turn in turns for word in turn.text.split()] == [
        (row["speaker"], word) for row in value for word in row["text"].split()
    ]
    assert turns[-1].start <= 9 * len(said_by)


@pytest.mark.parametrize(
    "head",
    ["sep=;\nStart;End;Speaker;Text\n", "Startzeit;Ende;Sprecher;Transkript\n"],
    ids=["for Excel", "in German"],
)
def test_tables_as_a_spreadsheet_writes_them(tmp_path, head):
    path = tmp_path / "ofen.csv"
    rows = '00:00:03,5;00:00:08,0;Ulla;Er ist an.\n00:00:09,0;00:00:12,5;Bo;"Seit wann; und?"\n'
    path.write_text(f"{head}{rows}", encoding="utf-8")
    assert said(read_episode(path).episode) == [
        ("Ulla", 3.5, "Er ist an."),
        ("Bo", 9.0, "Seit wann; und?"),
    ]
