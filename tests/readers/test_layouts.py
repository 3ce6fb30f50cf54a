"""Files as tools and people lay them out: who says what at which second, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from askpod.readers import read_episode

Said = tuple[int, str, str]  # whole seconds, speaker, the first words


def turns(tmp_path: Path, name: str, text: str) -> list[Said]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return [
        (int(turn.start), turn.speaker, " ".join(turn.text.split()[:4]))
        for turn in read_episode(path).episode.turns
    ]


def spoken(seconds: list[tuple[float, str]], **more: object) -> list[dict[str, object]]:
    return [{"word": word, "start": at, "end": at + 0.4, **more} for at, word in seconds]


QUAY = [(1.0, "We"), (1.5, "waited"), (2.0, "all"), (2.5, "morning.")]
WEIR = [(6.0, "Who"), (6.5, "told"), (7.0, "you"), (7.5, "that?")]
LATER = [(11.0, "Nobody"), (11.5, "told"), (12.0, "us"), (12.5, "anything.")]
IN_TURN = [
    (1, "Channel 0", "We waited all morning."),
    (6, "Channel 1", "Who told you that?"),
    (11, "Channel 0", "Nobody told us anything."),
]
PHRASES = [(0, 1.0, "We waited all morning."), (0, 11.0, "Nobody told us anything."),
           (1, 6.0, "Who told you that?")]  # fmt: skip


@pytest.mark.parametrize(
    "service",
    [
        {
            "results": {
                "channels": [
                    {"alternatives": [{"words": spoken(QUAY + LATER)}]},
                    {"alternatives": [{"words": spoken(WEIR)}]},
                ]
            }
        },
        {
            "transcripts": [
                {"text": "We waited all morning. Nobody told us anything.",
                 "words": [{"text": w["word"], "start": w["start"]} for w in spoken(QUAY + LATER)]},
                {"text": "Who told you that?",
                 "words": [{"text": w["word"], "start": w["start"]} for w in spoken(WEIR)]},
            ]
        },
        {
            "recognizedPhrases": [
                {"channel": channel, "offsetInTicks": at * 1e7, "nBest": [{"display": text}]}
                for channel, at, text in PHRASES
            ]
        },
    ],
    ids=["Deepgram", "ElevenLabs", "Azure"],
)  # fmt: skip
def test_what_is_said_on_two_channels_comes_in_turn(tmp_path, service):
    assert turns(tmp_path, "quay.json", json.dumps(service)) == IN_TURN


def test_sentences_within_paragraphs_are_all_read(tmp_path):
    paragraphs = [
        {
            "speaker": number % 2,
            "sentences": [
                {
                    "start": 10 * number,
                    "end": 10 * number + 4,
                    "text": f"We waited {number} times.",
                },
                {"start": 10 * number + 5, "end": 10 * number + 9, "text": "Nobody came at all."},
            ],
        }
        for number in range(6)
    ]
    read = turns(tmp_path, "quay.json", json.dumps({"paragraphs": {"paragraphs": paragraphs}}))
    assert read == [(10 * n, str(n % 2), f"We waited {n} times.") for n in range(6)]


def test_names_and_dates_beside_the_words_are_not_taken_for_them(tmp_path):
    said = "We waited for Mara Lind at the quay until the first of March, and nobody told us why."
    words = [
        {"text": text, "start": 400 * place, "end": 400 * place + 300}
        for place, text in enumerate(said.split())
    ]
    names = [{"text": "Mara Lind", "start": 1200}, {"text": "the first of March", "start": 2400}]
    service = {"text": "", "utterances": None, "words": words, "entities": names}
    assert turns(tmp_path, "quay.json", json.dumps(service)) == [(0, "", "We waited for Mara")]


def test_a_speaker_may_be_the_number_0(tmp_path):
    rows = [
        {"start": 4 * n, "end": 4 * n + 4, "text": "The heron stands there.", "speaker": n % 2}
        for n in range(4)
    ]
    read = turns(tmp_path, "weir.json", json.dumps({"segments": rows}))
    assert [speaker for _, speaker, _ in read] == ["0", "1", "0", "1"]


def test_a_quotation_in_whispers_table_swallows_no_row(tmp_path):
    rows = [
        ("0", "4000", "My grandmother told us:"),
        ("4000", "8000", '"Never mortar in frost.'),
        ("8000", "12000", "It will not hold."),
        ("12000", "16000", 'It falls on the goats."'),
    ]
    table = "\n".join("\t".join(row) for row in [("start", "end", "text"), *rows])
    path = tmp_path / "wall.tsv"
    path.write_text(table, encoding="utf-8")
    [turn] = read_episode(path).episode.turns
    assert turn.text == " ".join(text for *_, text in rows)
    assert [second for _, second in turn.marks] == [4, 8, 12]


@pytest.mark.parametrize("name", ["weir.txt", "weir.srt"])
def test_words_on_the_line_of_time_may_hold_a_colon(tmp_path, name):
    read = turns(
        tmp_path,
        name,
        "00:00:01,000 --> 00:00:05,000 Mara: The heron stands.\n\n"
        "00:00:05,000 --> 00:00:09,000 Jory: It waits.\n\n"
        "00:00:09,000 --> 00:00:12,000 Mara: For the eels.\n\n"
        "00:00:12,000 --> 00:00:15,000 Jory: Or for us.\n",
    )
    assert read == [(1, "Mara", "The heron stands."), (5, "Jory", "It waits."),
                    (9, "Mara", "For the eels."), (12, "Jory", "Or for us.")]  # fmt: skip


@pytest.mark.parametrize("count", [4, 9, 40])
@pytest.mark.parametrize("clock", ["[{}]", "({})"])
def test_a_list_of_chapters_above_a_transcript_is_not_said(tmp_path, count, clock):
    said = "".join(
        f"**{('Mara Lind', 'Jory Pell')[n % 2]}** {clock.format(f'00:{n:02}:04')}:"
        f" We waited, {n} of us.\n\n"
        for n in range(count)
    )
    chapters = "- 00:00 Introduction\n- 03:05 Why the ferry stopped\n- 31:20 The postman\n"
    text = f"# The ferry\n\n## Chapters\n\n{chapters}\n## Transcript\n\n{said}"
    read = turns(tmp_path, "ferry.md", text)
    assert [second for second, _, _ in read] == [60 * n + 4 for n in range(count)]
    assert {speaker for _, speaker, _ in read} == {"Mara Lind", "Jory Pell"}


def test_a_caller_who_speaks_once_is_nobody_else(tmp_path):
    lines = ["HOST: Go on.", "CALLER 1: Do bees sleep?", "HOST: They do.", "CALLER 1: When?",
             "HOST: At night.", "CALLER 1: Thank you.", "HOST: Next one.",
             "CALLER 2: My hive is empty.", "HOST: Since when?", "CALLER 3: I am the mayor.",
             "HOST: Good evening."]  # fmt: skip
    text = "\n\n".join(
        f"{n}\n00:00:{4 * n:02},000 --> 00:00:{4 * n + 4:02},000\n{line}"
        for n, line in enumerate(lines)
    )
    speakers = [speaker for _, speaker, _ in turns(tmp_path, "bees.srt", text)]
    assert speakers == [line.partition(":")[0] for line in lines]


def test_a_short_label_beside_the_full_name_is_somebody_else(tmp_path):
    cues = "\n\n".join(
        f"00:00:{4 * n:02}.000 --> 00:00:{4 * n + 4:02}.000\n{('Mara', 'Mara Lind')[n % 2]}: {text}"
        for n, text in enumerate(["Do you like stone?", "I do.", "I hate it.", "Why?"] * 3)
    )
    (tmp_path / "wall.yaml").write_text("guests: [Mara Lind]\n", encoding="utf-8")
    read = turns(tmp_path, "wall.vtt", f"WEBVTT\n\n{cues}\n")
    assert [speaker for _, speaker, _ in read] == ["Mara", "Mara Lind"] * 6


def test_each_span_of_ttml_may_have_its_agent(tmp_path):
    read = turns(
        tmp_path,
        "ferry.ttml",
        '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata">'
        '<head><metadata><ttm:agent xml:id="m"><ttm:name>Mara Lind</ttm:name></ttm:agent>'
        '<ttm:agent xml:id="j"><ttm:name>Jory Pell</ttm:name></ttm:agent></metadata></head>'
        '<body><div><p begin="4s" end="8s"><span ttm:agent="m">We waited all morning.</span><br/>'
        '<span ttm:agent="j">They stopped it.</span></p>'
        '<p begin="9s" end="12s"><span ttm:agent="m">Who said that?</span></p></div></body></tt>',
    )
    assert [each[1:] for each in read] == [
        ("Mara Lind", "We waited all morning."),
        ("Jory Pell", "They stopped it."),
        ("Mara Lind", "Who said that?"),
    ]
    assert [read[0][0], read[-1][0]] == [4, 9]


def test_a_clock_that_is_read_aloud_stays_in_the_text(tmp_path):
    text = "\n".join(
        f"[00:{n:02}:04] {('Mara', 'Jory')[n % 2]}: Which verse do you read on day {n}?"
        + ("\n3:16 is what everybody quotes." if n == 7 else "")
        for n in range(30)
    )
    path = tmp_path / "verse.txt"
    path.write_text(text, encoding="utf-8")
    read = read_episode(path).episode.turns
    assert read[7].text.endswith("on day 7? 3:16 is what everybody quotes.")
    assert len(read) == 30


@pytest.mark.parametrize(
    ("front", "title"),
    [
        ("title: >-\n  The ferry\ntranscript: true", "The ferry"),
        ("title: 'The keeper''s boat'\ntranscript: files/ferry.txt", "The keeper's boat"),
        ('title: "The ferry"\ntags: [a, b', "The ferry"),
    ],
)
def test_front_matter_above_a_plain_transcript(tmp_path, front, title):
    said = "\n\n".join(
        f"[00:{n:02}:04] {('Mara', 'Jory')[n % 2]}: We waited at the quay." for n in range(6)
    )
    path = tmp_path / "ferry.md"
    path.write_text(f"---\n{front}\n---\n\n{said}\n", encoding="utf-8")
    episode = read_episode(path).episode
    assert episode.title == title
    assert [int(turn.start) for turn in episode.turns] == [60 * n + 4 for n in range(6)]


@pytest.mark.parametrize(
    "names",
    [
        [
            '1 "Mara Lind" (123)',
            '2 "Jory Pell" (456)',
            '3 "Mara Lind" (123)',
            '4 "Jory Pell" (456)',
        ],
        ["Mara Lind", "Jory Pell", "Mara Lind", "Jory Pell"],
    ],
    ids=["Webex", "by cue"],
)
def test_the_names_of_webvtts_cues_may_be_speakers(tmp_path, names):
    cues = "\n\n".join(
        f"{name}\n00:00:{4 * n + 1:02}.000 --> 00:00:{4 * n + 4:02}.000\nWe waited at the quay."
        for n, name in enumerate(names)
    )
    read = turns(tmp_path, "quay.vtt", f"WEBVTT\n\n{cues}\n")
    assert [speaker for _, speaker, _ in read] == ["Mara Lind", "Jory Pell"] * 2
    assert {said for *_, said in read} == {"We waited at the"}


def test_an_arrow_of_which_a_word_processor_made_a_dash(tmp_path):
    text = "".join(
        f"{n + 1}\n00:00:{4 * n:02},500 –> 00:00:{4 * n + 3:02},000\n{name}: We waited at it.\n\n"
        for n, name in enumerate(["Mara", "Jory"] * 2)
    )
    read = turns(tmp_path, "quay.srt", text)
    assert read == [(4 * n, ("Mara", "Jory")[n % 2], "We waited at it.") for n in range(4)]


def test_a_word_of_ttml_that_begins_just_before_its_caption(tmp_path):
    captions = "".join(
        f'<p begin="{at}.1s" end="{at + 3}s"><span begin="{at}.0s">We</span>'
        f' <span begin="{at}.4s">waited {at}.</span></p>'
        for at in (20, 40, 60)
    )
    text = f'<tt xmlns="http://www.w3.org/ns/ttml"><body><div>{captions}</div></body></tt>'
    read = turns(tmp_path, "quay.ttml", text)
    assert read == [(at, "", f"We waited {at}.") for at in (20, 40, 60)]
