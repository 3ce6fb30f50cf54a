"""What a question asks for is told from its structure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod import Archive
from askpod.answering.question import understand
from askpod.answering.sentences import Sentence
from askpod.model import Span

KINDS = {
    "episodes": [
        ("Which episodes talk about burnout?", "burnout"),
        ("What episodes are about interviews?", "interviews"),
        ("In which episodes do they talk about fraud?", "fraud"),
        ("Who talked about Kafka?", "Kafka"),
        ("Which guests mentioned dbt?", "dbt"),
        ("Has anyone talked about sardines?", "sardines"),
        ("Is there an episode on bread?", "bread"),
        ("Is there anything about bread?", "bread"),
        ("Which of the episodes is about a pub?", "a pub"),
        ("In which episode is Kafka mentioned?", "Kafka"),
        ("At which meeting was the speed sign discussed?", "the speed sign"),
        ("Which episodes does Kafka come up in?", "Kafka"),
        ("Which episode should I listen to if I want to learn about bees?", "bees"),
    ],
    "overview": [
        ("What is the episode with Ann Lee about?", "with Ann Lee"),
        ("What's this episode about?", ""),
        ("Summarize the talk with Ann Lee", "talk with Ann Lee"),
        ("Give me a summary of the bread episode", "bread episode"),
    ],
    "list": [
        ("What tools were recommended for tests?", "What tools were recommended for tests"),
        ("Which books did guests recommend?", "Which books did guests recommend"),
        ("List all sensors that failed", "List all sensors that failed"),
    ],
    "plain": [
        ("Why did the batteries fail?", "Why did the batteries fail"),
        ("What is data quality about?", "What is data quality about"),
        ("Which two guests let people decide?", "Which two guests let people decide"),
        ("Who does what?", "Who does what"),
        ("Which interviews did you find hard?", "Which interviews did you find hard"),
    ],
}


@pytest.mark.parametrize(
    ("kind", "text", "subject"), [(kind, *each) for kind, all_ in KINDS.items() for each in all_]
)
def test_kinds(kind, text, subject):
    question = understand(text, [])
    assert (question.kind, question.subject) == (kind, subject)


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("What is the difference between a kiln and an oven?", ("kiln", "oven")),
        ("Compare Airflow and Prefect", ("Airflow", "Prefect")),
        ("batch vs streaming?", ("batch", "streaming")),
        ("How does rye differ from wheat?", ("rye", "wheat")),
        ("How do Ann Lee and Bo Ray both start their day?", ("Ann Lee", "Bo Ray")),
    ],
)
def test_comparisons(text, compared):
    question = understand(text, ["Ann Lee", "Bo Ray"] if "Ann" in text else [])
    assert (question.kind, question.compared) == ("comparison", compared)


@pytest.mark.parametrize(
    ("text", "theirs"),
    [
        ("What does Ann think of rye?", True),
        ("What did Ann Lee really say about rye?", True),
        ("According to Ann, is rye cheap?", True),
        ("What is Ann's view on rye?", True),
        ("What is Ann's main objection to rye?", True),
        ("Was Ann Lee really afraid of the oven?", True),
        ("Who does Ann suspect?", True),
        ("Why did Ann leave the bakery?", False),
        ("Who taught Ann to bake?", False),
    ],
)
def test_whose_words_answer(text, theirs):
    assert understand(text, ["Ann Lee"]).theirs is theirs


@pytest.mark.parametrize(
    ("text", "strangers"),
    [
        ("What did Ida Holm say about rye?", ("Ida Holm",)),
        ("What do Ann Lee and Ida Holm both think?", ("Ida Holm",)),
        (
            "According to Ida van der Holm, Bo Ray and J. Poe, is rye cheap?",
            ("Ida van der Holm", "J. Poe"),
        ),
        ("What is Élodie Brûlé’s view on rye?", ("Élodie Brûlé",)),
        ("What did Ann Lee say?", ()),
        ("Summarize Ann Lee's opinion on rye", ()),
        ("Summarize Ida Holm's opinion on rye", ("Ida Holm",)),
        ("What does Ida think?", ()),  # by one name it may be anybody, or a thing
        ("Why did Ida Holm leave?", ()),
        ("What did they say about Ida Holm?", ()),
    ],
)
def test_who_is_asked_to_speak_and_does_not(text, strangers):
    assert understand(text, ["Ann Lee", "Bo Ray"]).strangers == strangers


@pytest.mark.parametrize(
    ("text", "figure", "holding", "lacking"),
    [
        ("How many hives are there?", "number", "a hundred and thirty hives", "many of the hives"),
        ("How much honey was there?", "number", "forty kilos", "more than ever"),
        ("How much does it cost?", "money", "74 euros", "We have two of them."),
        ("How much did they pay for it?", "money", "They gave 4,500.", "In two weeks it was here."),
        ("How much money is that?", "money", "We sold it for three hundred.", "a lot, in 2019"),
        ("How much does it earn?", "money", "some 30,000", "We had 30,000 people in it."),
        ("Where does she live?", "home", "I moved to Leeds.", "We waited for the others there."),
        ("What is the average salary?", "money", "60,000 a year", "It is not in the description."),
        ("What is the key worth?", "money", "Forty pounds.", "It's iron, for a lock."),
        ("What's a house there worth?", "money", "half a million", "It burned down in 1970."),
        ("What is the key worth today, then?", "money", "Forty pounds.", "It's iron."),
        ("How old was she?", "age", "She turned forty in May.", "On day four she came out."),
        ("How old is the mill?", "age", "It's ninety years old.", "There are two mills."),
        ("Which percentage was lost?", "share", "about a third", "nearly twelve of them"),
        ("What share is left?", "share", "Three out of ten.", "three hives"),
        ("On which date did it open?", "date", "On Tuesday.", "My first car had two doors."),
        ("On which day was that?", "date", "It's on the twenty-eighth.", "in twelve places"),
        ("When did they start?", "time", "two years ago", "as soon as we could"),
        ("How much does it cost?", "money", "We paid 12.", "Focus for that 12 weeks."),
        ("How long did it take?", "duration", "all of last winter", "far too long"),
        ("How long did it take?", "duration", "It took ten years.", "That was ten years ago."),
        ("How long does it last?", "duration", "It ran for about six to eight weeks.", "Two of us"),
        ("How long should I wait?", "duration", "Give it a year.", "Once you start, take one."),
        ("How many times did it fail?", "rate", "Twice.", "It failed in the spring."),
        ("How many people came?", "people", "about 40 dancers", "We had two cars, in 2019."),
        ("How many people sing?", "people", "There are nine of us.", "Nine songs, at nine."),
        ("How many hives are left?", "number", "just 12", "It was in 2012."),
        ("How long ago was that?", "time", "in 1998", "a long while back"),
        ("How often is it checked?", "rate", "Once a week.", "Once you have it, often."),
        ("How often did it fail?", "rate", "Two times out of five.", "It failed in 2019."),
        ("What does a loaf cost?", "money", "Four euros.", "She throws away one in six."),
        ("What did he pay for the van?", "money", "We got it for 900.", "It's an old library."),
        ("What is the top speed?", "number", "Two hundred on the flat.", "It's quick."),
        ("When did they begin?", "time", "After five months.", "It ran for fourteen months."),
        ("When will it start?", "time", "At nine in the evening.", "It takes nine hours."),
        ("What is Ann's phone number?", "phone", "It's 555 12.", "I never answer it."),
        ("Which university was it?", "name", "With people from Leeds.", "With a university."),
        ("Which city is Leeds near?", "name", "It's by York.", "I live near Leeds."),
        ("What is the dog's name?", "name", "Pickle, of course.", "So is he. He barks."),
        ("What is the dog's name?", "name", "She is called that.", "You're right. She said: “Go!”"),
        ("What is the machine called?", "name", "We call it the lullaby.", "It hums all night."),
        ("What company wrote it?", None, "", ""),
        ("What town was it?", "name", "Leeds, I think.", "A town of tents."),
        ("Which city was it?", "name", "we moved to york then", "We moved to a city."),
    ],
)
def test_figures(text, figure, holding, lacking):
    question = understand(text, [])
    assert question.figure == figure
    assert question.holds_figure(holding) or not figure
    assert not question.holds_figure(lacking)


@pytest.mark.parametrize(
    ("text", "teller"),
    [
        ("What did the vicar say about the bees?", ["vicar"]),
        ("What does her old teacher think of it?", ["old", "teacher"]),
        ("What did the other guest say about the bees?", []),
        ("What did the team think?", []),
        ("Which loaf did the baker like?", []),
    ],
)
def test_who_is_to_have_said_it_is_named_in_an_answer(text, teller):
    assert understand(text, []).teller == teller


@pytest.mark.parametrize(
    ("text", "any_subject"),
    [
        ("What does Ann advise to do first?", True),
        ("What would Ann recommend to beginners?", True),
        ("What does Ann advise about bees first?", False),
    ],
)
def test_whom_and_when_it_is_for_is_no_subject(text, any_subject):
    assert understand(text, ["Ann Lee"]).names_no_subject is any_subject


@pytest.mark.parametrize(
    ("text", "explanation", "other"),
    [
        ("What is MLOps?", "MLOps is a set of practices.", "MLOps is hard."),
        ("What's a feature store?", "A feature store is basically a cache.", "Is it a store?"),
        ("What are hives?", "So hives are the boxes they live in.", "Our hives are full."),
        ("What does SRE stand for?", "SRE stands for site reliability.", "The SRE is away."),
        ("What is C++?", "C++ is an old language.", "C is a language."),
        ("What is the plan for the next year of the hives?", "", "The plan is a good one."),
    ],
)
def test_what_explains_a_term(text, explanation, other):
    question = understand(text, [])
    assert question.is_explained_by(explanation) is bool(explanation)
    assert not question.is_explained_by(other)


@pytest.mark.parametrize(
    "text",
    [
        "When should I use it?",
        "How much better is it?",
        "What is the one book worth a second look?",
        "What are two ideas worth the time?",
        "What is the number one mistake?",
        "What is the temperature parameter?",
        "What did she spend her days on?",
        "What did they decide on the cost?",
        "What do the companies do about it?",
    ],
)
def test_what_asks_for_no_figure(text):
    assert understand(text, []).figure is None


def test_names_are_left_out_of_what_is_looked_for():
    question = understand("Why did Ann Lee's oven fail?", ["Ann Lee"])
    assert question.without_people == "Why did oven fail?"
    assert understand("Ann Lee?", ["Ann Lee"]).without_people == "Ann Lee?"


@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=4))
def test_any_text_is_understood_somehow(text, named):
    question = understand(text, named)
    assert question.text == " ".join(text.split())
    assert set(question.people) <= set(named)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("What is MLOps and why is it hard?", ("What is MLOps?", "why is MLOps hard?")),
        ("What is a hive, and when do I need one?", ("What is a hive?", "when do I need a hive?")),
        ("What are swarms and who has seen them", ("What are swarms?", "who has seen swarms?")),
        ("What is MLOps and why do models fail?", ("What is MLOps?", "why do models fail?")),
        (
            "What is drift and how do teams know they have it?",
            ("What is drift?", "how do teams know they have drift?"),
        ),
        (
            "What is a store and when does one need it?",
            ("What is a store?", "when does one need a store?"),
        ),
        (
            "What is Thompson sampling and why is it used?",
            ("What is Thompson sampling?", "why is Thompson sampling used?"),
        ),
        ("What is MLOps?", ()),
        ("What is it and why?", ()),
        ("What are we missing and why is it hard?", ()),
        ("What is wrong with agile and how do we fix it?", ()),
        ("What is happening at Stripe and how did it get there?", ()),
        ("What is a good metric and how do you pick it?", ()),
        ("What is the price and how is it paid?", ()),
        ("What is his job and where does he work?", ()),
        ("Why did the trial end and who ended it?", ()),
    ],
)
def test_what_a_term_means_and_more_is_two_questions(text, parts):
    assert understand(text, []).parts == parts


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Why did it rain and how was it mended?", ("Why did it rain", "how was it mended?")),
        (
            "At Tier, how many people built it, how long did that take, and what won them over?",
            (
                "At Tier, how many people built it",
                "how long did that take",
                "what won them over?",
            ),
        ),
        (
            "A baker wrote two programs. Which one was turned down; which one is in use?",
            ("A baker wrote two programs. Which one was turned down", "which one is in use?"),
        ),
        (
            "Is the old oven any good? What do the bakers say of it?",
            ("Is the old oven any good?", "What do the bakers say of it?"),
        ),
        ("A baker lost a test in the big project. How did he find out?", ()),
        ("When the bakery suddenly had five ovens, what did they do at first?", ()),
        ("Why did the man who keeps bees and the one where it rained stop?", ()),
        ("What did they lose, and how?", ()),
        ("Which one is right?", ()),
        ("What is MLOps and why do models fail?", ()),  # each is searched for by itself
    ],
)
def test_several_questions_in_one(text, clauses):
    assert understand(text, []).clauses == clauses


def quoted(folder: Path, talk: Sequence[tuple[str, str]], question: str) -> list[str]:
    """What is quoted of a talk, a minute for each (speaker, words), to answer a question."""
    (folder / "talk.txt").write_text(
        "".join(f"[00:{n:02}:00] {who}: {text}\n\n" for n, (who, text) in enumerate(talk))
    )
    with Archive.open(folder / "store", create=True) as archive:
        archive.index([folder / "talk.txt"])
        return [citation.quote for citation in archive.ask(question).citations]


def test_each_of_several_questions_is_answered(tmp_path):
    talk = [
        ("Ben", "How was the year?"),
        ("Ada", "The hives on the hill were lost in May because of the poison from the fields."),
        ("Ada", "The hives on the hill are the ones that all our visitors want to see first."),
        (
            "Ada",
            "The hives on the hill were lost before, in another May, when the frost came late.",
        ),
        ("Ben", "I see."),
        ("Ada", "We make up for it by selling wax candles at the market in town."),
    ]
    asked = "Why were the hives on the hill lost in May, and how do you make up for it?"
    quotes = quoted(tmp_path, talk, asked)
    assert "poison" in quotes[0], quotes
    assert "candles" in " ".join(quotes[:2]), quotes


def test_a_term_that_nobody_explains_adds_nothing(archive):
    asked = "What is an apiary and why do colonies starve in February?"
    answer = archive.ask(asked)
    assert answer.basis == "answered"
    assert answer.citations == archive.ask("why do colonies starve in February?").citations


@pytest.mark.parametrize(
    ("said", "tells"),
    [
        ("So the question is whether you need it at all.", True),
        ("The question, as far as I understand, is: “Do we need it?” maybe.", True),
        ("Another question is how long customers stay.", True),
        ("The question answering model is a small one of ours.", False),
        ("Another question we answered is how long customers stay, and it was two years.", False),
        ("The question is why models fail, and the answer is drift.", False),
        ("The question was never the tools; what failed is the process.", False),
        ("We store it on one machine, right?", False),
        ("Next: Callum in Malpas asks how much a ticket is this year.", True),
        ("Yekaterina is asking which projects would show her skills.", True),
        ("Everybody asks how it works.", False),
        ("So Ada asks how models fail, and I said they drift.", False),
    ],
)
def test_who_tells_a_question_asks(said, tells):
    span = Span(0, 0, "Ada", said, 0.0, 9.0)
    assert Sentence(0, "one", 0, span, 0, 0, len(said), inside=True).asks is tells


def test_a_definition_goes_before_what_else_is_asked(tmp_path):
    said = [
        ("Ada", "A swarm is a colony that leaves its hive together with the old queen."),
        ("Ben", "What else happened that spring?"),
        ("Ada", "It rained for weeks on end, so we stayed indoors and mended the old frames."),
        ("Ben", "So the question is why one loses swarms in May, and whether anybody should care."),
        ("Ada", "We lose swarms in May because the hives grow too narrow for them by then."),
    ]
    quotes = quoted(tmp_path, said, "What is a swarm and why do we lose swarms in May?")
    assert quotes[0].startswith("A swarm is a colony"), quotes
    assert quotes[1].startswith("We lose swarms in May"), quotes
    assert not any("the question is" in quote for quote in quotes)


def test_what_is_carried_over_does_not_hide_who_is_asked_about():
    question = understand("What is Ann Lee's background? (honey, tax)", ["Ann Lee"])
    assert question.kind == "person"


def test_whose_thing_it_is_need_not_tell():
    speakers = ["Ann Lee", "Cy Dun", "Eve Fox"]
    assert understand("What do Ann and Cy think of Eve's plan?", speakers).people == (
        "Ann Lee",
        "Cy Dun",
    )
    assert len(understand("Compare what Ann and Eve say.", speakers).people) == len(speakers)
