"""How relevant each sentence of the passages is to a question.

By how near it and those beside it are in meaning, how many of the question's words it holds, how
well its passage fits, who says it, and whether it follows a question like the listener's: what a
host asked, the guest then answers. Speakers' names are left out: who is called seldom says it.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from askpod.answering.figures import without_how_much
from askpod.answering.question import Question
from askpod.answering.sentences import FEWEST, Judged, Scores, Sentence
from askpod.embedding import Embedder
from askpod.late_chunking import Packed, unpack
from askpod.model import Episode, Passage
from askpod.retrieval.word_index import quoted
from askpod.store.schema import TOKENIZER
from askpod.text import query_words, word_forms

KEPT = 10_000  # vectors, of 1.5 kB each
READ_CLOSELY = 36  # sentences whose meaning is looked at
READ_ALONE = 10  # of those, embedded by themselves, too: that is what an answer waits for

# Parts of a sentence's relevance, chosen on two kinds of talk and checked on a third
# (docs/answers.md).
CLAUSE = 0.75  # of the relevance to one of several questions; the rest is that to all in one
BESIDE = 0.5  # of the cosine: the sentence with those beside it; the rest is the sentence alone
LONG = 25  # words, for which a sentence counts among those at most
SHARED_WORDS = 0.6
ASKED = 0.3  # of the relevance of the best question before it
ANSWERED_IN = 3  # sentences behind a question in the same turn
PASSAGE = 0.5  # of what its passage's score lacks to the best one's, taken off
NAMED = 0.2  # for a speaker whom the question names
HOST = 0.2  # taken off what others than the guests say: a host leads to the answers
ASKS_MOSTLY = 0.3  # of a host's sentences are questions, and of all questions a host asks so many
FEWEST_ASKED = 3
SHORT = 0.2  # taken off less than FEWEST words
FIGURE = 0.1  # for a figure where the question asks for one of its kind
LISTED = 0.3  # for a name where the question asks for things that have one
EXPLAINS = 0.3  # for saying what the term is that the question asks for
BESIDE_PROMISING = 0.3  # of the neighbours' first impression, added to a sentence's own


def judge(
    question: Question,
    sentences: Sequence[Sentence],
    passages: Sequence[Passage],
    episodes: Mapping[str, Episode],
    embedder: KeptVectors,
    pooled: Mapping[tuple[str, int], Packed],
) -> Judged:
    """The sentences with their relevance to the question; those that ask have none to speak of.

    Args:
        question: what is asked.
        sentences: of the passages.
        passages: best first.
        episodes: of the passages, by id.
        embedder: of the archive.
        pooled: by episode and turn the vectors of its sentences, where the archive keeps them.
    """
    if not sentences:
        return Judged((), np.zeros(0))
    asked = [question.without_people, *question.clauses]
    texts = [sentence.text for sentence in sentences]
    wanted = [query_words(without_how_much(each)) for each in asked]
    shared = SHARED_WORDS * np.array(shares(wanted, texts))
    other = _by_speaker_and_place(question, sentences, passages, episodes)
    first = shared[0] + other + ASKED * _asked_before(sentences, shared[0])
    closely = _promising(sentences, first)

    lengths = np.array([[min(sentence.words, LONG)] for sentence in sentences])

    def fits(vectors: Scores, vector: Scores, held: Scores) -> Scores:
        cosines = vectors @ vector
        sums = _with_beside(sentences, vectors * lengths, 1.0)
        sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        asked_before = ASKED * _asked_before(sentences, cosines + held)
        beside: Scores = sums @ vector
        return (1 - BESIDE) * cosines + BESIDE * beside + held + other + asked_before

    questions, vectors, late = _vectors(asked, sentences, closely, embedder, pooled)
    if late:
        rough = fits(vectors, questions[0], shared[0])
        telling = sorted((at for at in late if sentences[at].tells), key=lambda at: -rough[at])
        best = telling[:READ_ALONE]
        for place, own in zip(best, embedder.embed([texts[at] for at in best]), strict=True):
            vectors[place] += own
            vectors[place] /= np.linalg.norm(vectors[place])
    whole, *clauses = (fits(vectors, *each) for each in zip(questions, shared, strict=True))
    to_each = tuple((1 - CLAUSE) * whole + CLAUSE * each for each in clauses)
    return Judged(tuple(sentences), whole, to_each)


def _vectors(
    asked: Sequence[str],
    sentences: Sequence[Sentence],
    closely: Sequence[int],
    embedder: KeptVectors,
    pooled: Mapping[tuple[str, int], Packed],
) -> tuple[Scores, Scores, Sequence[int]]:
    """The vectors of the questions and of the sentences, and which of these the archive keeps."""
    late: dict[int, Packed] = {}
    for place in closely:
        each = sentences[place]
        held = pooled.get((each.episode, each.turn))
        if held is not None and each.number < len(held):
            late[place] = held[each.number]
    alone = [place for place in closely if place not in late]
    texts = [*asked, *(sentences[place].text for place in alone)]
    found = embedder.embed(texts).astype(np.float64)
    vectors = np.zeros((len(sentences), found.shape[1]))
    vectors[alone] = found[len(asked) :]
    if late:
        vectors[list(late)] = unpack(np.array(list(late.values())))
    return found[: len(asked)], vectors, list(late)


def _by_speaker_and_place(
    question: Question,
    sentences: Sequence[Sentence],
    passages: Sequence[Passage],
    episodes: Mapping[str, Episode],
) -> Scores:
    """What who says it, its passage and its form add to each sentence's relevance."""
    scores = np.zeros(len(sentences))
    best = passages[0].score
    hosts = _hosts(sentences)
    for place, sentence in enumerate(sentences):
        speaker, guests = sentence.span.speaker, episodes[sentence.episode].guests
        scores[place] -= PASSAGE * (best - passages[sentence.passage].score)
        figure = question.holds_figure(sentence.text)  # "Forty pounds." is all that is asked
        scores[place] -= SHORT * (sentence.words < FEWEST and not figure)
        scores[place] += FIGURE * figure
        scores[place] += LISTED * question.lists_by_name(sentence.text)
        scores[place] += EXPLAINS * question.is_explained_by(sentence.text)
        if question.people:
            scores[place] += NAMED * (speaker in question.people)
        elif speaker and (speaker not in guests if guests else speaker in hosts):
            scores[place] -= HOST
    return scores


def _hosts(sentences: Sequence[Sentence]) -> set[str]:
    """Who does little but ask, in what is read: where no guests are known, that tells a host."""
    asked, said = Counter[str](), Counter[str]()
    for sentence in sentences:
        asked[sentence.span.speaker] += sentence.asks
        said[sentence.span.speaker] += 1
    least = max(FEWEST_ASKED, ASKS_MOSTLY * asked.total())
    return {
        name
        for name, times in asked.items()
        if name and times >= least and times >= ASKS_MOSTLY * said[name]
    }


def _promising(sentences: Sequence[Sentence], scores: Scores) -> list[int]:
    """The places of the sentences to read closely, ascending: the best, and what stands beside."""
    sums = _with_beside(sentences, scores, BESIDE_PROMISING)
    inside = [place for place, sentence in enumerate(sentences) if sentence.inside]
    return sorted(sorted(inside, key=lambda place: -sums[place])[:READ_CLOSELY])


def _with_beside(sentences: Sequence[Sentence], values: Scores, share: float) -> Scores:
    """For each sentence its value with a share of those beside it in its turn."""
    sums = values.copy()
    for place in range(1, len(sentences)):
        if sentences[place - 1].span is sentences[place].span:
            sums[place] += share * values[place - 1]
            sums[place - 1] += share * values[place]
    return sums


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


def _asked_before(sentences: Sequence[Sentence], relevance: Scores) -> Scores:
    """For each sentence the relevance of the best question right before it, or 0."""
    best: dict[tuple[int, int], float] = {}
    asking = [place for place, each in enumerate(sentences) if each.asks and each.inside]
    for place in asking:
        key = sentences[place].passage, sentences[place].turn + 1
        best[key] = max(best.get(key, 0.0), float(relevance[place]))
    answered = np.array([best.get((each.passage, each.turn), 0.0) for each in sentences])
    for place in asking:
        for after in range(place + 1, min(place + 1 + ANSWERED_IN, len(sentences))):
            if sentences[after].span is sentences[place].span:
                answered[after] = max(answered[after], relevance[place])
    return answered


def held_words(wanted: Sequence[str], texts: Sequence[str]) -> list[frozenset[str]]:
    """For each text those of `wanted` that it holds, inflections included."""
    if not wanted:
        return [frozenset() for _ in texts]
    held: list[set[str]] = [set() for _ in texts]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            f"CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = '{TOKENIZER}')"
        )
        connection.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", enumerate(texts))
        for word in wanted:
            query = "SELECT rowid FROM texts WHERE texts MATCH ?"
            forms = " OR ".join(map(quoted, word_forms(word)))
            for (number,) in connection.execute(query, [forms]):
                held[number].add(word)
    return [frozenset(each) for each in held]


def shares(wanted: Sequence[Sequence[str]], texts: Sequence[str]) -> list[list[float]]:
    """For each list of words the share of them that each text holds, from 0 to 1.

    A word weighs the more the fewer of the texts hold it (inverse document frequency).
    """
    held = held_words(list(dict.fromkeys(word for each in wanted for word in each)), texts)
    counts = Counter(word for each in held for word in each)
    shares = []
    for some in wanted:
        weights = {word: math.log(1 + len(texts) / (1 + counts[word])) for word in some}
        total = sum(weights.values()) or 1.0
        shares.append(
            [sum(weights[word] for word in each & weights.keys()) / total for each in held]
        )
    return shares
