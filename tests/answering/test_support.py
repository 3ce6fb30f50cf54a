"""Which claims a turn supports. The rates over real episodes: docs/citations.md."""

from __future__ import annotations

from dataclasses import replace

import pytest

from askpod.answering.claims import binding_numbers, missing_names, names, stated_numbers
from askpod.answering.support import SupportChecker
from askpod.embedding.minilm import MiniLM
from askpod.model import EvidenceTurn, Span

CLOSING = (
    "It was a lot of fun. When the month ended, the bookkeepers used to need a whole week for the "
    "closing. With my script they were done in 1 day. They threw a party for me."
)
LIMITS = "We know that these models fail at around 64k, even the fancy 128k ones, so we chunk."


@pytest.fixture(scope="module")
def checker() -> SupportChecker:
    return SupportChecker(MiniLM())


def turn(text: str, speaker: str = "Mara Lindqvist", number: int = 1) -> EvidenceTurn:
    span = Span(turn=number, offset=0, speaker=speaker, text=text, start=60.0, end=90.0)
    return EvidenceTurn(number, "ledger", "From Ledgers to Dashboards", span, "")


@pytest.mark.parametrize(
    "claim",
    [
        "The month-end closing shrank from a week to one day.",
        "According to Mara, bookkeepers then needed one day instead of a week.",
        "The bookkeepers threw a party for her.",
    ],
)
def test_a_paraphrase_is_supported(checker: SupportChecker, claim: str) -> None:
    assert checker.check(claim, turn(CLOSING)).ok


@pytest.mark.parametrize(
    "claim",
    [
        "Coffee spread over the world through colonial trade.",
        "Retail chains expect their suppliers to deliver daily.",
        "The script was written in Rust.",
        "The closing took three days with the script.",
        "",
    ],
)
def test_something_else_is_not(checker: SupportChecker, claim: str) -> None:
    assert not checker.check(claim, turn(CLOSING)).ok


def test_a_claim_may_repeat_the_second_and_the_number_that_the_prompt_shows(
    checker: SupportChecker,
) -> None:
    said = turn(CLOSING, number=12)  # which begins at 1:00
    for claim in ("At {}, Mara says the closing took one day.", "Turn 12: it took 1 day ({})."):
        assert checker.check(claim.format("1:00"), said).ok
        assert not checker.check(claim.format("1:17"), said).ok
    assert not checker.check("The closing took 12 days.", said).ok


def test_it_points_at_the_sentences_that_say_so(checker: SupportChecker) -> None:
    support = checker.check("The bookkeepers threw a party for her.", turn(CLOSING))
    assert CLOSING[support.begin : support.end] == "They threw a party for me."


def test_numbers_must_be_the_same(checker: SupportChecker) -> None:
    assert checker.check("Models advertised with 128,000 tokens fail at 64k.", turn(LIMITS)).ok
    assert not checker.check("Models advertised with 128k fail at 32k.", turn(LIMITS)).ok


def test_the_speaker_and_the_title_are_known(checker: SupportChecker) -> None:
    said = turn("Yes, you should always start small.")
    assert checker.check("Mara Lindqvist says that one should always start small.", said).ok
    assert checker.score("Mara says: start small.", [said]) > checker.score(
        "Then Zalando says: start small.", [said]
    )


def test_two_turns_may_support_a_claim_only_together(checker: SupportChecker) -> None:
    claim = "They planted forty apple trees, and wolves came back to the northern valley."
    trees = turn("So in spring we planted forty apple trees.", number=1)
    wolves = turn("And then the wolves returned to the northern valley.", number=2)
    other = turn("I like to knit on the train, it calms me down.", number=3)
    assert checker.check_together(claim, [trees, wolves])
    assert not checker.check_together(claim, [other])
    both = checker.score(claim, [trees, wolves])
    assert both > max(checker.score(claim, [trees]), checker.score(claim, [wolves]))
    each = checker.check_each(claim, [trees, wolves, other])
    assert [support.ok for support in each] == [True, True, False]


def test_a_turn_beyond_what_the_embedder_reads(checker: SupportChecker) -> None:
    endless = "and then we went on and on " * 300 + "until the bookkeepers threw a party for me"
    support = checker.check("The bookkeepers threw a party for her.", turn(endless))
    assert endless[support.begin : support.end].endswith("threw a party for me")
    assert not checker.check("x" * 5000 + " 木" * 2000, turn("水" * 3000)).ok


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("128k of 128,000", {128_000}),
        ("seven and a half hours", {7.5}),
        ("twenty-five percent of $1.5 million", {25, 1_500_000}),
        ("two hundred and fifty thousand euros", {250_000}),
        ("two thousand five hundred, or two hundred thirty thousand", {2_500, 230_000}),
        ("one million two hundred thousand, a thousand two hundred", {1_200_000, 1_200}),
        ("sixteen point eight, one point two five million", {16.8, 1_250_000}),
        ("at one point three left, a million and a half", {3, 1_500_000}),
        ("million " * 60 + "point five", {1e30}),
        ("one thousand nine hundred and sixty of 1,960, 1'960, 1\u202f960", {1_960}),
        ("a hundred and twenty thousand four hundred and one", {120_401}),
        ("in nineteen ninety-four, in nineteen oh four", {19, 94, 1994, 4, 1904}),
        ("four or five, 60. 800, 12,2020", {4, 5, 60, 800, 12, 2020}),
        ("nine and twenty", {9, 20}),
        ("no number, a half, first", set()),
    ],
)
def test_numbers_in_digits_and_words(text: str, numbers: set[float]) -> None:
    assert stated_numbers(text) == numbers


def test_a_claim_writes_in_digits_what_was_said_in_words(checker: SupportChecker) -> None:
    said = turn("We sold four thousand two hundred rolls, at sixteen point eight cents each.")
    assert checker.check("They sold 4,200 rolls at 16.8 cents each.", said).ok
    assert not checker.check("They sold 4,300 rolls at 16.8 cents each.", said).ok


def test_which_numbers_bind_a_claim() -> None:
    assert binding_numbers("She names four key reasons and two ways, by the thousand.") == set()
    assert binding_numbers("After two weeks 1% of the six teams left at 9:00.") == {1, 2, 6, 9}


def test_names_and_their_spellings() -> None:
    claim = "At Tier, Barr Moses uses ADPList. Tests are I think fine."
    assert names(claim) == [("tier",), ("barr", "moses"), ("adplist",)]
    assert missing_names(claim, "moses found us on ADP list") == 1
    assert missing_names("They moved to Kubernetes.", "we moved to cubernetes, kubernets") == 0


def test_a_turn_is_not_found_for_a_claim_whose_number_it_says_of_something_else():
    said = (
        "A set of batteries lasts fourteen months, which is the length of the pilot. "
        "We tried solar panels on four hives."
    )
    turn = EvidenceTurn(1, "bees", "Bees", Span(0, 0, "Mara", said, 0.0, 9.0), "")
    checker = SupportChecker(MiniLM())
    assert checker.attribute("The pilot had a length of four months.", [turn]) is None
    assert not checker.check("The pilot had a length of four months.", turn).ok
    assert checker.check("The pilot had a length of fourteen months.", turn).ok
    found = checker.attribute("The length of the pilot was fourteen months.", [turn])
    assert found is not None
    assert found[0] == turn


def test_a_claim_that_repeats_the_question_is_found_by_what_it_adds(checker: SupportChecker):
    question = "Why do teams that catch payment fraud keep their hand-written rules?"
    repeated = "Teams that catch payment fraud keep hand-written rules because"
    claim = f"{repeated} somebody writes one in the morning and can deploy it within an hour."
    quick = turn("Simple: somebody writes one in the morning and can deploy it within an hour.")
    other = turn("Payment fraud has many forms, and most of them are old.", number=2)
    assert checker.attribute(claim, [other, quick]) is None
    found = checker.attribute(claim, [other, quick], question)
    assert found is not None
    assert found[0] == quick
    assert checker.attribute(question.replace("?", "."), [other, quick], question) is None
    # Two words stand somewhere by chance, but not a number that nothing else explains.
    assert checker.attribute(f"{repeated} of an hour's deploys.", [other, quick], question) is None
    priced = turn("It took us 45 minutes to deploy the last one.", number=3)
    claim = f"{repeated} they deploy in 45 minutes."
    assert checker.attribute(claim, [other, quick, priced], question) is not None


def test_what_one_says_of_oneself_is_no_source_for_several(checker: SupportChecker):
    said = turn("I am a very patient person. So I did almost all of the grafting by myself.")
    assert checker.attribute("Mara did almost all of the grafting by herself.", [said]) is not None
    claim = "Keepers are patient people and did almost all of the grafting by themselves."
    assert checker.attribute(claim, [said]) is None
    general = turn("I think keepers are patient people who do almost all of the grafting alone.")
    claim = "Keepers are patient people who do almost all of the grafting alone."
    assert checker.attribute(claim, [general]) is not None


def test_what_a_speaker_is_told_to_think_is_not_in_the_words_of_another(checker: SupportChecker):
    said = "Painted hive boxes only help the keeper, since bees find home by the smell of it."
    by_ben = turn(said, speaker="Ben Ott", number=2)
    by_mara = turn("I moved here with four colonies.")
    claim = "Mara thinks that painted hive boxes only help the keeper, since bees go by smell."
    assert checker.attribute(claim, [by_mara, by_ben]) is None
    found = checker.attribute(claim.replace("Mara", "Ben"), [by_mara, by_ben])
    assert found is not None
    assert found[0] == by_ben
    question = "What does Mara Lind say of painted hive boxes?"
    claim = claim.replace("Mara", "She")
    assert checker.attribute(claim, [by_mara, by_ben], question) is None
    assert checker.attribute(claim, [by_mara, by_ben], "Are painted boxes any use?") is not None
    # Whoever is known by an office alone begins with an article.
    by_keeper = replace(by_mara, span=replace(by_mara.span, speaker="Head Keeper"))
    claim = claim.replace("She", "The head keeper")
    assert checker.attribute(claim, [by_keeper, by_ben]) is None


def test_a_yes_has_no_source_in_the_words_of_its_question(checker: SupportChecker):
    question = "Is it a problem when a team's lead is a business person?"
    said = turn("When the lead of a team is a business person, that is no problem for the team.")
    assert checker.attribute(
        "A team whose lead is a business person has no problem.", [said], question
    )
    claim = "Yes, it is a problem when a team's lead is a business person."
    assert checker.attribute(claim, [said], question) is None
    reason = turn("A business lead asks us for dates, and nobody tells him what the work is about.")
    claim = "Yes, since a business lead asks for dates and nobody tells him what the work is about."
    assert checker.attribute(claim, [reason], question) is not None


def test_what_a_turn_only_asks_is_no_source(checker: SupportChecker):
    asks = turn("Do you use productivity tools, such as shared calendars and chat rooms?")
    says = turn("I use shared calendars and chat rooms for productivity.", number=2)
    claim = "She uses productivity tools such as shared calendars and chat rooms."
    assert checker.attribute(claim, [asks]) is None
    found = checker.attribute(claim, [asks, says])
    assert found is not None
    assert found[0] == says


def test_a_name_is_the_same_without_its_accents(checker: SupportChecker):
    said = turn("I also try to plan ahead.", speaker="Marco De Sa")
    assert checker.score("Marco de Sá tries to plan ahead.", [said]) == pytest.approx(
        checker.score("Marco de Sa tries to plan ahead.", [said]), abs=0.02
    )


def test_the_numbers_of_a_claim_may_stand_in_the_sentence_beside(checker: SupportChecker):
    said = turn(
        "For data analysts there were over 800 junior positions. When I started, it was 60. "
        "I started long ago. We have 12 campuses."
    )
    support = checker.check("Junior positions for data analysts rose from 60 to over 800.", said)
    assert support.ok
    quoted = said.span.text[support.begin : support.end]
    assert quoted.endswith("When I started, it was 60.")
    assert not checker.check("Junior positions for data analysts rose from 12 to 800.", said).ok
    assert not checker.check("There were 60 junior positions for data analysts.", said).ok


@pytest.mark.parametrize(
    ("question", "claim", "said"),
    [
        (
            "How much did the company raise in its first round?",
            "The company raised three million dollars in its first round.",
            "My uncle lost three million dollars in the casino.",
        ),
        (
            "Why do bees die in winter?",
            "Bees die in winter because they run out of food.",
            "The refugees ran out of food on the third day.",
        ),
        (
            "Why did revenue rise 40 percent in 2019?",
            "Revenue rose 40 percent in 2019 because subscribers renewed early.",
            "Revenue fell 5 percent in 2021. Our subscribers renewed their plans early that year.",
        ),
        (
            "Why did Uber move to Kafka?",
            "Uber moved to Kafka because it was cheaper to run.",
            "We moved to Postgres because it was cheaper to run.",
        ),
    ],
)
def test_what_a_claim_repeats_must_be_spoken_of(checker, question, claim, said):
    assert checker.attribute(claim, [turn(said)], question) is None


def test_who_only_seeks_assent_states_something(checker: SupportChecker):
    said = turn("We used Postgres once. We moved to Redis because Postgres was too slow, right?")
    support = checker.check("They moved to Redis because Postgres was too slow.", said)
    assert support.ok
    assert said.span.text[support.begin : support.end].startswith("We moved to Redis")
    cut = turn("So we cut the latency from 900 to 200 milliseconds, right?")
    assert checker.attribute("They cut the latency from 900 to 200 milliseconds.", [cut])


def test_a_number_of_the_title_is_none_of_the_words_beside(checker: SupportChecker):
    said = turn("Back then our team had a lot of people. I drove 40 miles to work.")
    said = replace(said, title="Trends of 2023")
    assert not checker.check("In 2023 the team had 40 people.", said).ok


def test_halves_and_couples(checker: SupportChecker):
    assert not checker.check(
        "It ran two and a half years.", turn("It ran seven and a half years.")
    ).ok
    assert checker.check("The pilot took two weeks.", turn("The pilot took a couple of weeks.")).ok


def test_words_that_stand_all_over_a_long_turn_are_no_source(checker: SupportChecker):
    spread = turn(
        "When I began there I was the one who was learning. My manager was on leave in that month. "
        "The work of the team was spread over two offices. A lot of it was done at night. "
        "The first of the offices was overwhelmed by visitors."
    )
    claim = "In his first month he was overwhelmed with work and had a lot to learn."
    assert checker.attribute(claim, [spread]) is None
    near = turn("In my first month I was overwhelmed with all the work, and had to learn a lot.")
    found = checker.attribute(claim, [spread, near])
    assert found is not None
    assert found[0] == near


def test_a_denial_needs_one_in_the_words_of_its_source(checker: SupportChecker):
    said = turn("The parents want to know what the game tells about their child.")
    claim = "The parents do not want to know what the game tells about their child."
    assert not checker.check(claim, said).ok
    assert checker.attribute(claim, [said]) is None
    assert checker.check(claim.replace("do not ", ""), said).ok
    for as_good in ("refuse to know", "hardly want to know", "never wanted to know"):
        denied = turn(f"The parents {as_good} what the game tells about their child.")
        assert checker.check(claim, denied).ok


def test_a_time_in_other_units_is_another(checker: SupportChecker):
    said = turn("After a few weeks of data the collar can tell when a dog seems ill.")
    claim = "The collar can tell when a dog seems ill {}."
    assert checker.attribute(claim.format("on the first day"), [said]) is None
    assert checker.attribute(claim.format("after some weeks"), [said]) is not None


def test_who_begins_a_claim_and_was_asked_about_is_spoken_of_where_it_is_said(
    checker: SupportChecker,
):
    question = "What gap in their past made Odo and Rahel become mentors?"
    said = turn("The gap was that nobody believed in my work, so I became a mentor.", number=4)
    claim = "Odo's gap was that nobody believed in his work."
    assert checker.attribute(claim, [said], question) is None
    asked = replace(said, number=3, span=replace(said.span, turn=said.span.turn - 1, text="Odo?"))
    assert checker.attribute(claim, [asked, said], question) is not None


def test_a_claim_that_adds_little_is_where_its_subject_is_spoken_of(checker: SupportChecker):
    question = "Which present did Tilda offer her newborn brother?"
    claim = "Tilda offered her newborn brother a matchbox with a little blanket."
    beetle = turn("It lives in a matchbox with a little blanket now.")
    assert checker.attribute(claim, [beetle], question) is None
    present = turn("And Tilda offers her brother a matchbox, with a little blanket.", number=2)
    assert checker.attribute(claim, [beetle, present], question) is not None
