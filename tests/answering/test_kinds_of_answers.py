"""Each kind of question gets its kind of answer; who is asked about is who speaks."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from typer.testing import CliRunner

from askpod import Archive
from askpod.answering.question import understand
from askpod.answering.refusal import NEAREST
from askpod.cli import app
from askpod.model import Exchange

BEES = "hive-telemetry-for-small-apiaries"
BREAD = "bread-forecasting-for-eleven-bakeries"
TRAINS = "night-train-timetables"
ORGANS = "restoring-church-organs-by-measurement"


def speech(*turns: tuple[str, str]) -> str:
    rows = "".join(
        f"- line: {json.dumps(text)}\n  sec: {9 * place}\n  time: '0:00'\n  who: {who}\n"
        for place, (who, text) in enumerate(turns)
    )
    return f"transcript:\n{rows}"


def test_which_episodes(archive):
    answer = archive.ask("Which episodes talk about thermometers?")
    assert answer.basis == "answered"
    assert re.match(r"\d episodes talk about this:\n1\. ", answer.text)
    quoted = [citation.episode_id for citation in answer.citations]
    assert len(set(quoted)) == len(quoted) >= 2, "one quotation of each"
    assert {BEES, BREAD} <= set(quoted)


def test_which_episodes_best_first_in_python_and_on_the_command_line(archive, indexed):
    ids = [episode.id for episode in archive.episodes(about="organ pipes and their tuning")]
    assert ids[0] == ORGANS
    told = CliRunner().invoke(
        app,
        ["episodes", "--about", "organ pipes and their tuning", "--store", str(indexed), "--json"],
    )
    assert [each["id"] for each in json.loads(told.stdout)] == ids
    assert archive.episodes({"guest": "Nobody"}, about="organ pipes") == []


def test_what_an_episode_is_about(archive):
    answer = archive.ask("What is the episode with Marisol Vanterpool about?")
    [episode] = archive.episodes({"episode": BEES})
    assert answer.text.startswith(episode.title)
    assert episode.description in answer.text
    assert "\n6:37 The fourteen-month pilot" in answer.text, "sections with their seconds"
    assert len(answer.citations) == 3
    assert {citation.episode_id for citation in answer.citations} == {BEES}


def test_an_episode_by_words_of_its_title(archive):
    assert archive.ask("Summarize the organ episode").text.startswith("Restoring Church Organs")


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("What is season 2, episode 1 about?", "Night-Train Timetables"),
        ("Summarize episode 1 of season 2", "Night-Train Timetables"),
        ("What is the latest episode about?", "Measuring the Tests"),
        ("Summarise the first episode", "Hive Telemetry"),
        ("What is the last episode with Marisol about?", "Hive Telemetry"),
        ("Tell me about the organ episode", "Restoring Church Organs"),
        ("What is Night-Train Timetables about?", "Night-Train Timetables"),
        ("What topics does “Night-Train Timetables” cover?", "Night-Train Timetables"),
        ("What happens in Night-Train Timetables?", "Night-Train Timetables"),
    ],
)
def test_an_episode_by_its_place_or_its_very_title(archive, question, title):
    answer = archive.ask(question)
    assert answer.basis == "answered"
    assert answer.text.startswith(title)


def test_an_episode_of_a_number_that_none_has_is_not_another(archive):
    assert archive.ask("What is episode 777 about?").basis != "answered"


def test_a_summary_of_no_episode_is_a_plain_question(archive):
    answer = archive.ask("Summarize what Marisol said about batteries")
    assert answer.citations[0].episode_id == BEES


def test_a_summary_of_what_was_said_on_something_is_answered(archive):
    answer = archive.ask("Summarize the discussion about the batteries", filters={"episode": BEES})
    assert answer.basis == "answered"
    said = archive.ask("Summarize Marisol Vanterpool's opinion on batteries")
    assert said.basis == "answered"
    assert {citation.speaker for citation in said.citations} == {"Marisol Vanterpool"}


@pytest.mark.parametrize(
    "asked",
    ["Who is Marisol Vanterpool?", "What is Marisol's background?", "Tell me about Marisol"],
)
def test_who_somebody_is(archive, asked):
    answer = archive.ask(asked)
    [episode] = archive.episodes({"episode": BEES})
    assert answer.basis == "answered"
    assert answer.text.startswith(episode.title)
    assert "For seven years I was an instrumentation engineer" in answer.citations[0].quote
    assert {citation.speaker for citation in answer.citations} == {"Marisol Vanterpool"}
    told = [citation.start for citation in answer.citations]
    assert told == sorted(told)
    assert told[-1] < told[0] + 600


def test_who_somebody_is_in_a_talk_without_labels(tmp_path):
    said = [f"The ferry number {n} sails at noon and it is never late." for n in range(60)]
    said[3] = "My name is Odile, I began as a nurse and for ten years I have made cheese."
    (tmp_path / "talk.srt").write_text(
        "".join(
            f"{n}\n00:{n:02}:00,000 --> 00:{n:02}:50,000\n{line}\n\n" for n, line in enumerate(said)
        )
    )
    (tmp_path / "talk.yaml").write_text("title: Cheese\nguests: [Odile Marchand]\n")
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([tmp_path / "talk.srt"])
        answer = archive.ask("Who is Odile Marchand?")
    assert "I began as a nurse" in answer.text


def test_somebody_asked_about_by_first_name_is_who_speaks(archive):
    citations = archive.ask("Tell me about Marisol's way into bread").citations
    assert {citation.speaker for citation in citations} == {"Marisol Vanterpool"}


@pytest.mark.parametrize(
    "question",
    [
        "Which episodes have Tobias in them?",
        "List the episodes with Tobias",
        "Show me all episodes featuring Tobias",
    ],
)
def test_the_episodes_of_a_guest(archive, question):
    answer = archive.ask(question)
    assert answer.basis == "answered"
    assert {citation.episode_id for citation in answer.citations} == {BREAD, TRAINS}


def test_a_list_has_short_items_from_several_places(archive):
    answer = archive.ask("Which sensors and instruments were used and mentioned?")
    assert len(answer.citations) > 4
    episodes = list(dict.fromkeys(citation.episode_id for citation in answer.citations))
    assert len(episodes) > 1
    told = [(episodes.index(each.episode_id), each.start) for each in answer.citations]
    assert told == sorted(told)  # of each episode in the order of speech


def test_a_comparison_sets_the_people_side_by_side(archive):
    question = "How do Marisol Vanterpool and Tobias Okonjo each use weather and temperature?"
    speakers = [citation.speaker for citation in archive.ask(question).citations]
    assert speakers[:2] == ["Marisol Vanterpool", "Tobias Okonjo"]
    assert set(speakers) == {"Marisol Vanterpool", "Tobias Okonjo"}


def test_who_is_asked_about_is_who_speaks(archive):
    for guest in ("Marisol Vanterpool", "Tobias Okonjo", "Henrike Dallaway"):
        answer = archive.ask(f"What does {guest} say about temperature?")
        assert {citation.speaker for citation in answer.citations} == {guest}


@pytest.mark.parametrize("title", ["Dr", "Dr.", "Doctor", "Mrs", "Detective Sergeant"])
def test_a_title_is_no_part_of_a_name(archive, title):
    answer = archive.ask(f"What does {title} Vanterpool think of the batteries?")
    assert answer.basis == "answered"
    assert "does not speak" not in answer.text
    assert {citation.speaker for citation in answer.citations} == {"Marisol Vanterpool"}
    stranger = archive.ask(f"What does {title} Lovelace think of the batteries?")
    assert stranger.warnings == ("these episodes never mention Lovelace",)


def test_a_namesake_is_no_match(archive):
    answer = archive.ask("What does Tobias Feuerhahn say about forecasts?")
    assert {citation.speaker for citation in answer.citations} == {"Tobias Feuerhahn"}


@pytest.mark.parametrize(
    "question",
    ["What does Gaz predict for Saturday?", "What are Gaz's predictions for Saturday?"],
)
def test_what_somebody_predicts_nobody_else_does(tmp_path, question):
    said = ("We lose on Saturday, I predict one nil.", "I predict three one to us on Saturday.")
    (tmp_path / "one.md").write_text(
        f"---\ntitle: One\n{speech(('Mo', said[0]), ('Gaz', said[1]), ('Steph', said[0]))}---\n"
    )
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([tmp_path / "one.md"])
        answer = archive.ask(question)
    assert [citation.quote for citation in answer.citations] == [said[1]]


def test_questions_are_never_quoted(answers):
    for answer in answers:
        for citation in answer.citations:
            assert not citation.quote.rstrip("\"'”’)").endswith("?")


def test_a_quotation_that_leans_on_a_question_says_what_was_asked(archive):
    text = archive.ask("What went wrong with the batteries in the winter?").text
    assert (
        "Asked ‘Why, what went wrong in the winter?’, Marisol Vanterpool (7:09): “Because" in text
    )


@pytest.fixture
def pond(tmp_path) -> Archive:
    """A small archive in which nobody says how many."""
    (tmp_path / "pond.md").write_text(
        "---\ntitle: The Pond\nguests:\n- Ann Lee\n"
        + speech(
            ("Bo", "How many frogs live in the pond?"),
            ("Ann Lee", "The frogs in the pond are loud at night, louder than the road is by day."),
            ("Bo", "Why did you dig the pond?"),
            ("Ann Lee", "We dug the pond since the garden flooded whenever it rained in spring."),
        )
        + "---\n",
        "utf-8",
    )
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([tmp_path / "pond.md"])
        yield archive


def test_a_number_that_nobody_says_is_only_the_nearest(pond):
    answer = pond.ask("How many frogs live in the pond?")
    assert (answer.basis, answer.refused) == ("nearest", False)
    assert answer.text.startswith(f"{NEAREST}\n\n")
    assert "loud at night" in answer.citations[0].quote
    assert answer.to_dict()["basis"] == "nearest"
    assert pond.ask("Why did Ann Lee dig the pond?").basis == "answered"


def test_what_is_counted_or_has_a_name_is_in_an_answer(archive):
    assert archive.ask("How many hives were in the trial of the kit?").basis == "answered"
    assert archive.ask("How many passengers did the night trains carry?").basis == "nearest"
    assert archive.ask("Which university developed the graph network?").basis == "nearest"
    assert archive.ask("What does Krumhaven charge for a loaf of rye?").basis == "nearest"


def test_a_turn_of_few_words_may_be_the_answer(tmp_path):
    talk = speech(
        ("Bo", "What is a bell worth as scrap?"),
        ("Ann", "At two thousand pounds a tonne the metal of the bell is worth little as scrap."),
        ("Bo", "So eleven hundred pounds for a bell from 1641."),
        ("Cy", "It was insured for thirty thousand."),
        ("Bo", "And who got the metal of the bell, of all the dealers who were asked about it?"),
        ("Ann", "A dealer by the canal had a receipt for four hundred kilos of mixed bronze."),
    )
    (tmp_path / "bell.md").write_text(f"---\ntitle: The Bell\nguests: [Ann, Cy]\n{talk}---\n")
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([tmp_path / "bell.md"])
        answer = archive.ask("How much was the bell insured for?")
    assert "It was insured for thirty thousand." in answer.text


@pytest.mark.parametrize(
    "question",
    [
        "What did Ann Frogs say about the frogs in the pond?",
        "Compare what Ann Frogs and Ann Lee said about the frogs in the pond.",
        "Do Ann Lee and Ann Frogs agree about the frogs in the pond?",
    ],
)
def test_nobody_answers_for_somebody_who_does_not_speak(pond, question):
    answer = pond.ask(question)
    assert answer.basis == "nearest"
    assert answer.text.startswith(f"Ann Frogs does not speak in these episodes.\n\n{NEAREST}")


def test_a_list_of_what_has_names_prefers_sentences_that_say_them(tmp_path):
    turns = []
    for hour in range(13, 23):  # more than a list has items
        turns += [
            ("Bo", f"And at {hour}?"),
            ("Ann", f"At {hour} the books stand on the shelf and nobody reads."),
        ]
    talk = speech(
        *turns,
        ("Bo", "And whoever begins?"),
        ("Ann", "I give everyone The Lonely Hive, which is a thin book."),
    )
    (tmp_path / "one.md").write_text(f"---\ntitle: Reading\nguests: [Ann]\n{talk}---\n")
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([tmp_path / "one.md"])
        answer = archive.ask("What books does Ann recommend?")
    assert "The Lonely Hive" in answer.text


def test_nobody_says_of_a_thing_with_a_name_that_it_does_not_speak(pond):
    assert "not speak" not in pond.ask("What does Garden Pond mean?").text


def test_how_old_asks_for_an_age_and_not_for_what_is_old(tmp_path):
    talk = speech(
        ("Bo", "Tell us about Mrs Dunmore."),
        ("Ann", "She lived opposite, above the shoe shop, a woman, seventy-one at the time."),
        ("Bo", "Why did she change her mind about the can?"),
        ("Ann", "She said, I'm an old woman and I have to live on this street."),
    )
    (tmp_path / "one.md").write_text(f"---\ntitle: The Fire\nguests: [Ann]\n{talk}---\n")
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([tmp_path / "one.md"])
        answer = archive.ask("How old was Mrs Dunmore?")
    assert answer.basis == "answered"
    assert "seventy-one" in answer.citations[0].quote


def test_an_overview_of_an_episode_that_is_none_is_no_answer(pond):
    assert pond.ask("What is the pond episode about?").text.startswith("The Pond")
    assert pond.ask("Summarize the episode about frogs that are loud").basis == "nearest"


@pytest.mark.parametrize(
    "question",
    ["Has anyone mentioned penguins?", "Which episodes talk about football?"],
)
def test_no_episode_talks_about_what_none_mentions(archive, question):
    assert archive.ask(question).refused


def test_no_episode_is_listed_for_what_none_mentions(archive):
    assert archive.episodes(about="penguins") == []


def test_episodes_that_do_not_are_not_those_that_do(archive):
    answer = archive.ask("Which episodes never mention bees?")
    assert answer.basis != "answered"
    assert "talks about this" not in answer.text


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Do you have an episode about Kafka?", "episodes"),
        ("any episode on feature stores?", "episodes"),
        ("episodes about causal inference", "episodes"),
        ("Which episode has Ada Lind as a guest?", "overview"),
        ("In which episode does Ada speak?", "overview"),
        ("Episodes with Ada Lind", "overview"),
        ("Show me all the episodes with Ada", "overview"),
        ("How many episodes did Ada do?", "overview"),
        ("Sum up the episode with Ada", "overview"),
        ("What topics does the episode on bees cover?", "overview"),
        ("What are the key takeaways from the bee episode?", "overview"),
        ("Which podcast did Ada recommend?", "plain"),
        ("Ada Lind", "person"),
        ("Ada?", "person"),
        ("Ada Lind background", "person"),
        ("Ada's career path", "person"),
        ("Ada bees spectroscopy", "plain"),
        ("What do Ada Lind and Bo Ek have in common?", "comparison"),
        ("Do Ada Lind and Bo Ek agree on scales?", "comparison"),
        ("Compare the trial lengths of the bees and the night trains", "comparison"),
    ],
)
def test_ways_to_ask(question, kind):
    named = [name for name in ("Ada Lind", "Bo Ek") if name.split()[0] in question]
    assert understand(question, named).kind == kind


def test_what_follows_on_each_other_is_one_quotation(archive):
    answer = archive.ask("What is the lullaby?")
    places = sorted((each.episode_id, each.start, each.end) for each in answer.citations)
    for (one, _, end), (other, start, _) in pairwise(places):
        assert one != other or start - end > 0.5


def test_a_host_who_bids_a_guest_speak_is_not_quoted(write_episode, tmp_path):
    path = write_episode(
        "scales.md",
        [
            ("Host", "Let's start with your background in scales for bees. Tell us about scales."),
            ("Ada", "I began with scales for bees in a brewery, where a probe is a liar."),
        ],
    )
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([path])
        answer = archive.ask("What is the background of the scales for bees?")
    assert {citation.speaker for citation in answer.citations} == {"Ada"}


def test_a_follow_up_may_be_answered_by_what_was_quoted(archive):
    first = archive.ask("How long did the trial of the bee kit run?")
    history = [Exchange(first.question, first)]
    again = archive.ask("and at how many sites?", history=history)
    assert "six sites" in again.citations[0].quote


@pytest.mark.parametrize(
    "question", ["Who is Oluchi Marsh?", "Summarize the episode with Oluchi Marsh."]
)
def test_who_speaks_in_an_episode_tells_it_where_no_guests_are_known(
    tmp_path, write_episode, question
):
    trial = [
        ("Tobin", "I'm in the record office, with a proper historian."),
        ("Oluchi Marsh", "Hello. I teach legal history, at Hull."),
        ("Tobin", "So what was this trial?"),
        ("Oluchi Marsh", "Abel was tried for murder, and the jury took twenty-five minutes."),
    ]
    tram = [("Tobin", "It's the tram ticket today."), ("Philippa", "She typed in Trieste.")]
    episodes = [write_episode("trial.md", trial), write_episode("tram.md", tram)]
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index(episodes)
        answer = archive.ask(question)
    assert answer.basis == "answered"
    assert answer.text.startswith("About trial")
    assert "legal history" in answer.text
