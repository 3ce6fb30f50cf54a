"""A figure or a name answers where it is said of what the question asks about."""

from __future__ import annotations

import json

import pytest

from askpod import Archive
from askpod.answering.question import understand

TALK = (
    ("Bo", "Welcome to the show. Our guest today is Ann Lee, who owns a mill and a bakery."),
    ("Ann Lee", "I left the bank for the mill in 2019, since two jobs at once were too much work."),
    ("Bo", "What is the wheel of the mill like?"),
    ("Ann Lee", "Old. I think the wheel is about ninety years old, and it needs work each spring."),
    ("Bo", "And who runs the bakery while you are away?"),
    ("Ann Lee", "There are five of us at the bakery, and in summer my sister works there, too."),
    ("Bo", "Do you take an animal along to the market?"),
    ("Ann Lee", "My dog comes along to the market. She is called Biscuit, after the shop."),
    ("Bo", "What does your husband say to all that?"),
    ("Ann Lee", "My husband likes the mill. He met a man called Gus there, who sells eels."),
    ("Bo", "Is he younger than you, your man of the eels?"),
    ("Ann Lee", "My sister is nineteen and a better miller than I am, with a kitchen in Ghent."),
    ("Bo", "How can the listeners reach your miller, has Gus a telephone number?"),
    ("Ann Lee", "It's oh four seven, double two nine one, and he never picks it up before ten."),
    ("Bo", "And which brand of flour sieve do you use at the mill?"),
    (
        "Ann Lee",
        "I use a Hollmann. The sieve is green and it came from an old brewery that closed.",
    ),
    ("Ann Lee", "I live at the mill now, in Weir Lane, since our flat was sold in the winter."),
    ("Bo", "How many hens?"),
    ("Ann Lee", "Seventeen, and my sister has a name for each. They lay more than we can eat."),
    ("Bo", "And what does a visitor see on that tour?"),
    ("Ann Lee", "A visitor takes the tour, which is eight to ten minutes, and then has some tea."),
    ("Ann Lee", "I do not know. People ask me that every week in the shop, and I never ask."),
)


@pytest.fixture(scope="module")
def mill(tmp_path_factory) -> Archive:
    folder = tmp_path_factory.mktemp("mill")
    turns = "".join(
        f"- line: {json.dumps(text)}\n  sec: {9 * place}\n  time: '0:00'\n  who: {who}\n"
        for place, (who, text) in enumerate(TALK)
    )
    text = f"---\ntitle: The Mill\nguests: [Ann Lee]\ntranscript:\n{turns}---\n"
    (folder / "mill.md").write_text(text, "utf-8")
    with Archive.open(folder / "store", create=True) as archive:
        archive.index([folder / "mill.md"])
        yield archive


@pytest.mark.parametrize(
    ("question", "basis"),
    [
        ("How many people work at the mill?", "nearest"),  # two jobs, in 2019
        ("How many people run the bakery?", "answered"),
        ("How many hens does Ann Lee keep?", "answered"),  # she was asked in three words
        ("How many visitors took the tour?", "nearest"),  # it is eight to ten minutes
        ("How old is the wheel of the mill?", "answered"),
        ("How old is Ann Lee?", "nearest"),  # the wheel is ninety
        ("How tall is Ann Lee?", "nearest"),
        ("What is the name of Ann Lee's dog?", "answered"),
        ("What was the name of Ann's horse?", "nearest"),
        ("What is the name of Ann Lee's sister?", "nearest"),  # Ghent is her kitchen's
        ("What is the name of Ann Lee's husband?", "nearest"),  # Gus is a man whom he met
        ("What is Gus's phone number?", "answered"),
        ("What is Ann Lee's phone number?", "nearest"),
        ("Which brand of flour sieve does Ann Lee use?", "answered"),
        ("Which brand of oven does Ann Lee use?", "nearest"),
        ("Where does Ann Lee live?", "answered"),
        ("Where does Bo live?", "none"),
        ("What colour is the sieve?", "answered"),
        ("What colour is the dog?", "nearest"),  # the sieve is green
        ("Who works at the bakery in summer?", "answered"),
        ("Who is Ann Lee's doctor?", "nearest"),
        ("Where is the kitchen of Ann Lee's sister?", "answered"),
        ("Where did Ann Lee go to school?", "nearest"),
        ("What did the bank say about the mill?", "answered"),
        ("What did the vicar say about the mill?", "nearest"),
    ],
)
def test_a_figure_is_said_of_what_is_asked_about(mill, question, basis):
    assert mill.ask(question).basis == basis


def test_the_quotation_that_states_it_stands_first(mill):
    answer = mill.ask("What is Gus's phone number?")
    assert "oh four seven" in answer.citations[0].quote


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("How many passengers did the night trains carry?", ["passengers"]),
        ("And how many sleeping cars does each have?", ["sleeping", "cars"]),
        ("How many people work there?", []),
        ("In how many years has she lost how many?", []),
        ("How much honey was there?", []),
        ("What was the name of Ann's dog?", ["dog"]),
        ("What is Ann Lee's dog called?", ["dog"]),
        ("What is the name of the second ferry?", ["second", "ferry"]),
        ("Which city is it?", []),
        ("An airline knows how many seats it will sell. How?", []),
    ],
)
def test_what_is_counted_is_said_in_an_answer(text, counted):
    assert understand(text, []).counted == counted
