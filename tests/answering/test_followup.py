"""Follow-ups without a model: told from new questions, and made into what a search can use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from askpod import Archive
from askpod.answering.rewriting import is_follow_up, standalone
from askpod.model import Answer, Citation, Exchange

HIVES = "hive-telemetry-for-small-apiaries"
BREAD = "bread-forecasting-for-eleven-bakeries"
BLOOD = "measuring-the-tests-in-a-hospital-laboratory"
TRAINS = "night-train-timetables"
ORGANS = "restoring-church-organs-by-measurement"
WORDS = "speech-recognition-for-a-small-language"

# What was asked, the follow-up, and the episode and second at which its answer is being given.
PAIRS = [
    ("What does Marisol put on the hives to check the scales?", "And how often?", HIVES, 320),
    ("How do the hive scales drift?", "Can she work it out from the temperature?", HIVES, 370),
    ("How did the pilot with the hives go?", "What went wrong in the winter?", HIVES, 430),
    ("Why did the hive batteries die?", "And what did they change after that?", HIVES, 470),
    ("Which swarm alarms do the beekeepers get?", "Who voted on them?", HIVES, 615),
    ("What does the kit under a hive cost?", "Did it pay?", HIVES, 690),
    ("How can you see a bread sale that never happened?", "Which loaf was the worst?", BREAD, 130),
    ("What was the first model for the bread?", "Why did he throw it out?", BREAD, 215),
    ("How did the bakeries' pilot work out?", "And the sold-out afternoons?", BREAD, 315),
    ("Can the shop managers overrule the bread forecast?", "How often do they?", BREAD, 345),
    ("How does the weather matter for bread?", "And where did he measure it?", BREAD, 455),
    ("Why did the bakery drop Cobblestack?", "What runs instead?", BREAD, 520),
    ("How do the blood analysers drift?", "And what does she do about it?", BLOOD, 255),
    ("Why did the laboratory leave Tallymast?", "Did that do any harm?", BLOOD, 388),
    ("Who is Everett?", "What did he say when somebody asked him?", BLOOD, 675),
    ("How good is the potassium model?", "What would it not be allowed to do?", BLOOD, 545),
    ("Where may a night train stand and wait?", "Which one is the quietest?", TRAINS, 120),
    ("What did the graph neural network predict?", "So why was it taken out?", TRAINS, 370),
    ("Where do the delays of night trains come from?", "And what helped against it?", TRAINS, 470),
    ("Can a dispatcher overrule the night train plan?", "How did they take that?", TRAINS, 665),
    ("Do microphones drift in a cold church?", "So what does she do then?", ORGANS, 370),
    ("What became of the digital twin?", "Did she keep anything from it?", ORGANS, 570),
    ("Why did the mixture of the organ scream?", "What did the parish say later?", ORGANS, 660),
    ("How many ways of spelling does Ondrish have?", "How do they deal with that?", WORDS, 240),
    ("What do old tapes suffer from?", "And how is it put right?", WORDS, 500),
    ("Who wanted to buy the Ondrish recordings?", "What were people afraid of?", WORDS, 570),
    ("How did they collect Ondrish speech?", "What about the web page?", WORDS, 145),
    ("Did Wenna look for her uncle?", "Where was he?", WORDS, 720),
]

NEW_QUESTIONS = [
    "Do Ann and Ben agree on hives?",
    "How does a neural network think?",
    "What is MLOps?",
    "data drift",
    "night trains",
    "How do you become a data engineer?",
    "How to become a data engineer",
    "What does Marisol Vanterpool say when she talks of drift?",
    "How do companies know that their data is good?",
    "How do you debug a model when it fails in production?",
    "Is it worth learning Rust?",
    "How long does it take to train a recogniser?",
    "What is this podcast about?",
    "Which guests think that tests are enough?",
    "What tools are there for monitoring?",
    "Is there a way to see a sale that did not happen?",
    "What does a data scientist do in her first week?",
    "Why do some parishes refuse to publish recordings that show which pipes are of good tin?",
    "Who invented the Fenn list?",
    "Which data that a hospital has is hardest to trust?",
]

FOLLOW_UPS = [
    "and what did she say about that later?",
    "Why?",
    "Why not?",
    "Tell me more",
    "More about that",
    "who else?",
    "What about winter?",
    "in winter?",
    "How many?",
    "Which hives?",
    "What did he do there?",
    "How is it measured?",
    "What did the beekeepers do about it?",
    "Does she still think that?",
    "What do they think of those?",
    "Can you give another example?",
    "…and then?",
    "What did her colleagues say?",
    "Is that worth the money?",
    "Does Ben agree?",
    "What does Ben Taylor think?",
    "What did Ann and Ben say?",
]

# A person hears what these lean on; their words do not show it.
NOT_TOLD = [
    "What went wrong in the winter?",
    "Which loaf was the worst?",
    "What did the parish say later?",
    "What were people afraid of?",
]


BEES = "hive-telemetry-for-small-apiaries"


def answer(*speakers: str, question: str = "") -> Answer:
    """An answer that quotes these people."""
    citations = tuple(
        Citation(number, "bees", "Bees", speaker, 0.0, 9.0, "Said.", "", True)
        for number, speaker in enumerate(speakers, start=1)
    )
    return Answer(question, "Said.", citations, (), False, "extractive")


def asked(question: str, *speakers: str) -> Exchange:
    return Exchange(question, answer(*speakers))


@pytest.mark.parametrize("question", NEW_QUESTIONS)
def test_a_question_that_needs_nothing_is_left_as_it_is(question):
    assert not is_follow_up(question)
    assert standalone(question, [asked("Who is Ann?", "Ann Lee")]) == question


@pytest.mark.parametrize("question", FOLLOW_UPS + [pair[1] for pair in PAIRS])
def test_a_question_that_leans_on_another_is_told_apart(question):
    assert is_follow_up(question) or question in NOT_TOLD


@pytest.mark.parametrize(
    ("before", "speakers", "question", "expected"),
    [
        (
            "Why did Marisol give up on the batteries?",
            ["Marisol Vanterpool"],
            "and what did she say about that later?",
            "and what did Marisol Vanterpool say about that later? (batteries)",
        ),
        (
            "Why did the batteries die?",
            ["Marisol Vanterpool"],
            "What did her colleagues say?",
            "What did Marisol Vanterpool's colleagues say? (batteries, die)",
        ),
        (
            "Did Wenna look for the priest?",
            ["Pavo Istrenj", "Wenna Threlkeld"],
            "Did she ask him?",
            "Did Wenna Threlkeld ask him? (look, priest)",
        ),
        ("Who is Everett?", ["Amara Quill"], "What did he say?", "What did he say? (Everett)"),
        (
            "What does Ann Lee think of tests?",
            ["Ann Lee"],
            "And Bo Ray?",
            "And Bo Ray? (tests)",
        ),
        ("What killed the bees?", [], "Did she see it?", "Did she see it? (killed, bees)"),
        ("What’s a “siding”?", [], "Why?", "Why? (siding)"),
    ],
)
def test_names_and_topics_are_carried_over(before, speakers, question, expected):
    assert standalone(question, [asked(before, *speakers)]) == expected


def test_what_is_talked_about_may_have_a_name():
    before = [asked("What did Ann say about Kafka?", "Ann Lee")]
    assert standalone("Does Ben agree?", before) == "Does Ben agree? (Kafka)"
    assert standalone("What does Ben Taylor think?", before).endswith("(Kafka)")


def test_a_subject_lasts_until_the_next_new_question():
    history = [
        asked("What is a mixture?", "Henrike Dallaway"),
        asked("Why did the batteries die?", "Marisol Vanterpool"),
        asked("And what did she change?", "Marisol Vanterpool"),
        asked("How about summer?", "Marisol Vanterpool"),
    ]
    assert standalone("Why?", history) == "Why? (batteries, die, change, summer)"


def test_without_anything_before_it_a_follow_up_is_left_as_it_is():
    assert standalone("And then?", []) == "And then?"
    assert standalone("And then?", [asked("Why?")]) == "And then?"


def test_what_is_carried_over_is_bounded():
    endless = asked("Why " + " ".join(f"word{number}" for number in range(24)) + "?")
    rewritten = standalone("And then?", [endless] * 50)
    assert rewritten.count(",") == 11
    long = "and " + "very " * 30 + "long?"
    assert standalone(long, [asked("Why did the batteries die?")]) == long


def test_a_word_is_never_taken_from_the_question():
    for before, question, *_ in PAIRS:
        rewritten = standalone(question, [asked(before)])
        assert rewritten.startswith(question)


def test_follow_ups_find_their_answers(archive):
    """Of the pairs above, how many have the right second in one of the first three passages."""
    found = {"as asked": 0, "made whole": 0}
    missed = []
    for before, question, episode, second in PAIRS:
        history = [Exchange(before, archive.ask(before))]
        for how, text in (("as asked", question), ("made whole", standalone(question, history))):
            passages = archive.search(text, top=3)
            hit = any(p.episode_id == episode and p.start <= second < p.end for p in passages)
            found[how] += hit
            if not hit and how == "made whole":
                missed.append(text)
    assert found["made whole"] >= 22, (found, missed)
    assert found["as asked"] <= found["made whole"] - 8, found


def test_a_question_that_names_nothing_new_is_looked_for_where_the_last_answer_was(archive):
    history = [Exchange(q, archive.ask(q)) for q in ["Why did Marisol's batteries fail?"]]
    for question in ("Is there a limit?", "And what was done about it?", "How long did that take?"):
        answer = archive.ask(question, history=history)
        assert {passage.episode_id for passage in answer.passages} == {BEES}, question


def test_a_new_subject_is_looked_for_everywhere(archive):
    history = [Exchange(q, archive.ask(q)) for q in ["Why did Marisol's batteries fail?"]]
    answer = archive.ask("Which stop of the organ was too piercing?", history=history)
    assert answer.citations[0].episode_id == "restoring-church-organs-by-measurement"


@pytest.mark.parametrize(
    "question",
    [
        "Which episodes talk about drift?",
        "And which episodes mention drift?",
        "Which other episodes talk about drift?",
        "Who else talks about drift?",
    ],
)
def test_a_question_for_episodes_is_asked_of_all(archive, question):
    history = [Exchange(q, archive.ask(q)) for q in ["How long did the bee trial run?"]]
    answer = archive.ask(question, history=history)
    assert answer.text.startswith("3 episodes talk about this:")
    assert len({each.episode_id for each in answer.citations}) == 3


@pytest.mark.parametrize(
    ("question", "episode"),
    [("What about bread?", BREAD), ("And the tea cosy?", TRAINS), ("sold-out rolls", BREAD)],
)
def test_a_few_words_of_another_episode_are_looked_for_there(archive, question, episode):
    history = [Exchange(q, archive.ask(q)) for q in ["How long did the bee trial run?"]]
    assert archive.ask(question, history=history).citations[0].episode_id == episode


def test_a_poor_answer_does_not_become_the_topic():
    good = asked("Why did Marisol give up on the batteries?", "Marisol Vanterpool")
    poor = Exchange("What of the solar flares?", replace(answer("Bo Ray"), basis="nearest"))
    understood = standalone("What did she say about it?", [good, poor])
    assert understood.startswith("What did Marisol Vanterpool say about it? (batteries")


def test_who_is_named_and_quoted_becomes_the_topic_however_poor_the_answer():
    history = [
        asked("Who rowed the Atlantic?", "Carys Penhallow"),
        Exchange("What about Hamish?", replace(answer("Hamish Drummond"), basis="nearest")),
    ]
    assert standalone("How did he get hurt?", history).startswith("How did Hamish Drummond get")


def test_a_pronoun_means_the_speaker_of_the_first_quotation():
    exchange = asked("Why did the trial take so long?", "Ann Lee", "Bo Ray", "Bo Ray")
    assert standalone("What did she do then?", [exchange]).startswith("What did Ann Lee do then?")


def test_one_who_asks_on_hears_something_else(archive):
    first = archive.ask("Why did Marisol's batteries fail?")
    again = archive.ask("What else?", history=[Exchange(first.question, first)])
    assert again.citations[0].quote != first.citations[0].quote


@pytest.fixture
def workshop(write_episode, tmp_path):
    """A talk in which a first question gets nearly all quoted."""
    path = write_episode(
        "workshop.md",
        [
            ("Vera", "What do you ride on?"),
            ("Olin", "A saddle from Tarbes, and a widow made me sit on it before she would sell."),
            ("Vera", "What became of the apprentice?"),
            ("Olin", "He went to sea in the spring and has a chandler's shop near the harbour."),
            ("Vera", "Do you miss the workshop?"),
            ("Olin", "The smell of wax, yes, and being shouted at by a saddler whom nobody paid."),
        ],
        guests=["Olin"],
    )
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([path])
        yield archive


def test_what_was_quoted_may_answer_what_is_asked_next(workshop):
    first = workshop.ask("Who was the apprentice in the workshop?")
    assert any("went to sea" in citation.quote for citation in first.citations)
    answer = workshop.ask("What became of him?", history=[Exchange(first.question, first)])
    assert "went to sea" in answer.citations[0].quote


def test_a_figure_that_was_quoted_may_be_what_is_asked_next(archive):
    first = archive.ask("Can the shop managers overrule the bread forecast?")
    answer = archive.ask("How often do they?", history=[Exchange(first.question, first)])
    assert any("twelve percent" in citation.quote for citation in first.citations)
    assert "twelve percent" in answer.citations[0].quote


def test_after_who_a_pronoun_means_the_one_who_is_named_in_answer():
    exchange = asked("Who had the case first?", "Ann Lee")
    [citation] = exchange.answer.citations
    told = replace(citation, quote="The first man on it was Sergeant Prowse, for nineteen days.")
    exchange = replace(exchange, answer=replace(exchange.answer, citations=(told,)))
    assert standalone("What did he think?", [exchange]) == (
        "What did Sergeant Prowse think? (case)"
    )
