"""Which sentences answer a question: their relevance, and the runs of them that are quoted.

A sentence's relevance is how near it and the sentences beside it are in meaning to the question,
how many of the question's words it holds ("forecasts" matches "forecasting", by the tokenizer of
the archive's word index), how well its passage fits, who says it, and whether it follows a question
like the listener's: what a host asked, the guest then answers. Speakers' names are left out of
the question for this: who is called by name seldom says it.

A listener wants connected speech, so runs of sentences are quoted, each from one turn: the runs
whose relevance lies furthest above the ordinary (maximum-sum segments). A run then goes on to the
end of its thought, and begins earlier where it leans on what was said before it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from askpod.answering.question import Question, shares
from askpod.embedding import Embedder
from askpod.model import Episode, Passage, Span, Turn
from askpod.text import TokenCounts, asks, query_words, split_sentences, split_to_fit

WORDS = 140  # of speech that is chosen
WORDS_IN_ALL = 200  # with what the chosen runs are widened by
LONGEST_SENTENCE = 100  # tokens; what has more, some people's way of talking, is taken in parts
LONG = 300  # characters, from which on tokens are counted
LONGEST_RUN = 60  # words, as chosen; one sentence may be longer
SHORTEST_RUN = 8  # words; less ("Yeah, exactly.") says nothing by itself
SHORT_TURN = 40  # words; of a shorter turn all is quoted, where there is room
KEPT = 10_000  # vectors, of 1.5 kB each
FURTHER = 3  # sentences by which a run goes on
READ_CLOSELY = 36  # sentences whose meaning is looked at: embedding is what an answer waits for
MOST_RUNS = 6

# Parts of a sentence's relevance, chosen on two kinds of talk and checked on a third
# (docs/answers.md).
BESIDE = 0.5  # of the cosine: the sentence with those beside it; the rest is the sentence alone
SHARED_WORDS = 0.6
ASKED = 0.3  # of the relevance of the best question in the turn before
PASSAGE = 0.5  # of what its passage's score lacks to the best one's, taken off
NAMED = 0.2  # for a speaker whom the question names
HOST = 0.2  # taken off what others than the guests say: a host leads to the answers
SHORT = 0.2  # taken off less than FEWEST words
FEWEST = 4
FIGURE = 0.1  # for a figure where the question asks for one of its kind
EXPLAINS = 0.3  # for saying what the term is that the question asks for
BESIDE_PROMISING = 0.3  # of the neighbours' first impression, added to a sentence's own
ORDINARY = 1.7  # the sentences that are above the ordinary hold this many times WORDS
LEAST_WORTH = 0.15  # of the best run's worth, below which a run is left out

# What begins like this speaks of something that was said before.
_LEANS = re.compile(
    r"[\"'“‘(]*(?:and|but|so|or|because|then|also|too|it|its|they|them|their|this|that|these|those|he|"
    r"she|his|her|there|such|which|yes|yeah|yep|no|nope|exactly|right|sure)\b",
    re.IGNORECASE,
)

# "So the question, as I understand it, is whether …"
_TELLS_A_QUESTION = re.compile(
    r"(?:(?:so|and|okay|well|yeah|then),? )*"
    r"(?:the|your|my|another|one)(?: (?:next|first|last|other))? question(?:,[^,.:]{1,40}?,?)? is"
    r"[:,]? [\"'“‘]?(?:why|how|what|when|where|who|which|whether|if|do(?:es)?|did|is|are|can)\b"
    r"(?!.*(?:, and (?:the|it|we|they|i|that)\b|: ))",
    re.IGNORECASE,
)

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a turn that a passage holds a part of."""

    passage: int  # rank, from 0
    episode: str
    turn: int  # position in its episode
    span: Span  # the turn, or what of it is read
    begin: int  # characters of the span's text
    end: int
    inside: bool  # it is in the passage itself

    @property
    def text(self) -> str:
        """What is said, as it stands in the turn."""
        return self.span.text[self.begin : self.end]

    @property
    def words(self) -> int:
        """How many words it has."""
        return len(self.text.split())

    @property
    def asks(self) -> bool:
        """Whether it is a question, or tells one."""
        return asks(self.text) or bool(_TELLS_A_QUESTION.match(self.text))

    @property
    def leans(self) -> bool:
        """Whether it cannot be understood without what was said before it."""
        return bool(_LEANS.match(self.text))


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive sentences of one turn."""

    sentences: tuple[Sentence, ...]
    worth: float  # how far their relevance, summed, lies above the ordinary
    best: float  # the greatest relevance of a sentence
    asked: str = ""  # the question that it answers, where it leans on that

    @property
    def words(self) -> int:
        """How many words its sentences have."""
        return sum(sentence.words for sentence in self.sentences)

    @property
    def text(self) -> str:
        """Its sentences, joined by spaces."""
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Judged:
    """Sentences with their relevance to a question, in the order of passages and of speech."""

    sentences: tuple[Sentence, ...]
    relevance: Scores


def read(
    passages: Sequence[Passage], turns: Mapping[int, Sequence[Turn]], count: TokenCounts
) -> list[Sentence]:
    """The sentences of all turns that passages touch, with those of the turn before.

    Args:
        passages: best first.
        turns: by the passage's rank the turns from one before its first to its last.
        count: counts an embedder's tokens; a sentence without end is taken in parts.
    """
    found = []
    for rank, passage in enumerate(passages):
        parts = {span.turn: span for span in passage.spans}
        last = passage.spans[-1].turn if passage.spans else 0
        for place, turn in enumerate(turns[rank], start=last - len(turns[rank]) + 1):
            span = Span(place, 0, turn.speaker, turn.text, turn.start, turn.end, turn.marks)
            part = parts.get(place)
            begin, end = (part.offset, part.offset + len(part.text)) if part else (0, 0)
            found += [
                Sentence(rank, passage.episode_id, place, span, a, b, a < end and b > begin)
                for a, b in _sentences(turn.text, count)
            ]
    return found


def _sentences(text: str, count: TokenCounts) -> Iterator[tuple[int, int]]:
    for begin, end in split_sentences(text):
        if end - begin <= LONG:
            yield begin, end
        else:
            for first, last, _ in split_to_fit(text, begin, end, count, LONGEST_SENTENCE):
                yield first, last


def judge(
    question: Question,
    sentences: Sequence[Sentence],
    passages: Sequence[Passage],
    episodes: Mapping[str, Episode],
    embedder: KeptVectors,
) -> Judged:
    """The sentences with their relevance to the question; those that ask have none to speak of."""
    if not sentences:
        return Judged((), np.zeros(0))
    texts = [sentence.text for sentence in sentences]
    shared = SHARED_WORDS * np.array(shares(query_words(question.without_people), texts))
    other = _by_speaker_and_place(question, sentences, passages, episodes)
    closely = _promising(sentences, shared + other + ASKED * _asked_before(sentences, shared))
    vector, vectors = _embedded(question.without_people, sentences, closely, embedder)
    cosines = vectors @ vector
    beside = _with_those_beside(sentences, vectors) @ vector
    fits = (1 - BESIDE) * cosines + BESIDE * beside + shared + other
    fits += ASKED * _asked_before(sentences, cosines + shared)
    return Judged(tuple(sentences), fits)


def _by_speaker_and_place(
    question: Question,
    sentences: Sequence[Sentence],
    passages: Sequence[Passage],
    episodes: Mapping[str, Episode],
) -> Scores:
    """What who says it, its passage and its form add to each sentence's relevance."""
    scores = np.zeros(len(sentences))
    best = passages[0].score
    for place, sentence in enumerate(sentences):
        speaker, guests = sentence.span.speaker, episodes[sentence.episode].guests
        scores[place] -= PASSAGE * (best - passages[sentence.passage].score)
        scores[place] -= SHORT * (sentence.words < FEWEST)
        scores[place] += FIGURE * question.holds_figure(sentence.text)
        scores[place] += EXPLAINS * question.is_explained_by(sentence.text)
        if question.people:
            scores[place] += NAMED * (speaker in question.people)
        elif speaker and guests and speaker not in guests:
            scores[place] -= HOST
    return scores


def _promising(sentences: Sequence[Sentence], scores: Scores) -> list[int]:
    """The places of the sentences to read closely, ascending: the best ones of the passages.

    What stands beside a promising sentence is promising too.
    """
    sums = scores.copy()
    for place in range(1, len(sentences)):
        if sentences[place - 1].span is sentences[place].span:
            sums[place] += BESIDE_PROMISING * scores[place - 1]
            sums[place - 1] += BESIDE_PROMISING * scores[place]
    inside = [place for place, sentence in enumerate(sentences) if sentence.inside]
    return sorted(sorted(inside, key=lambda place: -sums[place])[:READ_CLOSELY])


class KeptVectors:
    """An embedder that remembers the sentences it embedded: a talk stays with its passages.

    Safe for several threads.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit vector a text, in rows."""
        known = self._vectors
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if len(known) + len(missing) > KEPT:
            known = self._vectors = {}
            missing = list(dict.fromkeys(texts))
        known.update(zip(missing, self._embedder.embed(missing), strict=True) if missing else ())
        return np.array([known[text] for text in texts])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text."""
        return self._embedder.count_tokens(texts)


def choose(judged: Judged, *, words: int = WORDS, most: int = MOST_RUNS) -> list[Run]:
    """The best runs that `words` allow, best first; at most `most`."""
    allowed = [i for i, each in enumerate(judged.sentences) if each.inside and not each.asks]
    ordinary = _ordinary(judged, allowed, ORDINARY * words)
    runs: list[Run] = []
    used: set[Sentence] = set()
    for run in sorted(_runs(judged, allowed, ordinary), key=lambda run: -run.worth):
        if len(runs) == most or (runs and run.worth < LEAST_WORTH * runs[0].worth):
            break
        if run.words <= words and used.isdisjoint(run.sentences):
            runs.append(run)
            used.update(run.sentences)
            words -= run.words
    return runs


def widen(runs: Sequence[Run], judged: Judged, words: int = WORDS_IN_ALL) -> list[Run]:
    """The runs with what they need to be understood, as far as `words` go.

    A short turn is quoted whole; a run that leans on the sentence before it begins there; each
    goes on for FURTHER sentences. One that still leans says what was asked.
    """
    turns: dict[tuple[int, int], list[Sentence]] = defaultdict(list)
    for sentence in judged.sentences:
        turns[sentence.passage, sentence.turn].append(sentence)
    widening = _Widening(words - sum(run.words for run in runs), runs)
    widened = []
    for run in runs:
        first = run.sentences[0]
        turn = turns[first.passage, first.turn]
        sentences = widening.widened(run, turn)
        before = turns.get((first.passage, first.turn - 1), [])
        asked = _question_before(sentences[0], turn[0], before)
        widened.append(Run(tuple(sentences), run.worth, run.best, asked))
    return widened


class _Widening:
    """Gives sentences out once each, as long as there is room."""

    def __init__(self, room: int, runs: Sequence[Run]) -> None:
        self._room = room
        self._used = {_place(sentence) for run in runs for sentence in run.sentences}

    def widened(self, run: Run, turn: Sequence[Sentence]) -> list[Sentence]:
        """A run, wider, within its turn."""
        first, last = turn.index(run.sentences[0]), turn.index(run.sentences[-1])
        whole = sum(sentence.words for sentence in turn) <= SHORT_TURN
        while first and (whole or turn[first].leans) and self._takes(turn[first - 1]):
            first -= 1
        end = len(turn) if whole else min(len(turn), last + 1 + FURTHER)
        while last + 1 < end and self._takes(turn[last + 1]):
            last += 1
        return list(turn[first : last + 1])

    def _takes(self, sentence: Sentence) -> bool:
        if sentence.asks or sentence.words > self._room or _place(sentence) in self._used:
            return False
        self._room -= sentence.words
        self._used.add(_place(sentence))
        return True


def _place(sentence: Sentence) -> tuple[str, int, int]:
    return sentence.episode, sentence.turn, sentence.begin


def _question_before(first: Sentence, opening: Sentence, before: Sequence[Sentence]) -> str:
    """What somebody else asked right before, where a quotation leans on that."""
    if first != opening or not first.leans or not before:
        return ""
    last = before[-1]
    asks = last.asks and last.words >= FEWEST and last.span.speaker != first.span.speaker
    return last.text if asks else ""


def _embedded(
    question: str, sentences: Sequence[Sentence], closely: Sequence[int], embedder: KeptVectors
) -> tuple[Scores, Scores]:
    """The vectors of the question and, a row each, of the sentences; zero but for `closely`."""
    found = np.asarray(
        embedder.embed([question, *(sentences[place].text for place in closely)]), dtype=np.float64
    )
    vectors = np.zeros((len(sentences), found.shape[1]))
    vectors[closely] = found[1:]
    return found[0], vectors


def _with_those_beside(sentences: Sequence[Sentence], vectors: Scores) -> Scores:
    """For each sentence the direction of it and those beside it in its turn, by their words."""
    weighted = vectors * np.array([[min(sentence.words, 25)] for sentence in sentences])
    sums = weighted.copy()
    for place in range(1, len(sentences)):
        one, other = sentences[place - 1], sentences[place]
        if (one.passage, one.turn) == (other.passage, other.turn):
            sums[place] += weighted[place - 1]
            sums[place - 1] += weighted[place]
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9))


def _asked_before(sentences: Sequence[Sentence], relevance: Scores) -> Scores:
    """For each sentence the relevance of the best question in the turn before it, or 0."""
    best: dict[tuple[int, int], float] = {}
    for sentence, value in zip(sentences, relevance, strict=True):
        if sentence.asks and sentence.inside:
            key = sentence.passage, sentence.turn + 1
            best[key] = max(best.get(key, 0.0), float(value))
    return np.array([best.get((each.passage, each.turn), 0.0) for each in sentences])


def _ordinary(judged: Judged, allowed: Sequence[int], words: float) -> float:
    """The relevance above which the sentences hold that many words."""
    held = 0
    for place in sorted(allowed, key=lambda place: -judged.relevance[place]):
        held += judged.sentences[place].words
        if held >= words:
            return float(judged.relevance[place])
    # Of so few none is ordinary: the only sentence of an archive may be the answer.
    return min((float(judged.relevance[place]) for place in allowed), default=0.0) - 1e-6


def _runs(judged: Judged, allowed: Sequence[int], ordinary: float) -> list[Run]:
    """All runs worth quoting."""
    found = []
    sentences, may = judged.sentences, set(allowed)
    for first in allowed:
        worth, words, last = 0.0, 0, first
        while last in may and sentences[last].span is sentences[first].span:
            worth += float(judged.relevance[last]) - ordinary
            words += sentences[last].words
            if words > LONGEST_RUN and last > first:
                break
            if worth > 0 and words >= SHORTEST_RUN:
                best = float(judged.relevance[first : last + 1].max())
                found.append(Run(sentences[first : last + 1], worth, best))
            last += 1
    return found
