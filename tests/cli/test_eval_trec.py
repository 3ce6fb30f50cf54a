"""`askpod eval export` and `askpod eval import`: to trec_eval and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import pytrec_eval
import yaml

from askpod import Archive
from askpod.evals.measures.ranking import OF_TREC
from askpod.evals.records import read_records

EXAMPLES = Path(__file__).parents[2] / "evals" / "examples.yaml"


@pytest.fixture
def gold(tmp_path) -> Path:
    """A gold set of eight questions, the last one unanswerable."""
    rows = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    answerable = [row for row in rows if row["evidence"]]
    others = [row for row in rows if not row["evidence"]]
    path = tmp_path / "few.yaml"
    path.write_text(yaml.safe_dump([*answerable[::8][:7], others[0]]), encoding="utf-8")
    return path


@pytest.fixture
def run(askpod, gold, indexed, tmp_path) -> Path:
    """The folder of a run of our own search."""
    folder = tmp_path / "own"
    left = askpod("eval", "run", gold, "--retrieval-only", "--store", indexed, "--out", folder)
    assert left.code == 0
    return folder


def figures(folder: Path) -> dict[str, float]:
    """What a run's summary says of all its questions."""
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return {name: each["value"] for name, each in summary["figures"]["all"]["all"].items()}


def test_trec_eval_finds_the_figures_of_the_summary_in_the_exported_files(askpod, run, tmp_path):
    left = askpod("eval", "export", run, "--out", tmp_path / "trec")
    assert left.code == 0
    ranked, judged = tmp_path / "trec" / "run.trec", tmp_path / "trec" / "qrels.txt"
    assert f"trec_eval -c -m success.1,5 -m recip_rank -m ndcg_cut.10 {judged} {ranked}" in left.out
    qrels = pytrec_eval.parse_qrel(judged.read_text().splitlines())
    theirs = pytrec_eval.RelevanceEvaluator(qrels, OF_TREC.values()).evaluate(
        pytrec_eval.parse_run(ranked.read_text().splitlines())
    )
    own = figures(run)
    assert len(qrels) == 7  # the unanswerable question is not judged
    for name, of_trec in OF_TREC.items():
        mean = sum(theirs[question][of_trec] for question in theirs) / len(qrels)
        assert own[name] == pytest.approx(mean, abs=1e-4)  # the summary is rounded
    assert own["mrr"] > 0.3


def test_export_writes_beside_the_run_and_tells_machines_where(askpod, run):
    left = askpod("eval", "export", run, "--json")
    lines = [len(Path(each["path"]).read_text().splitlines()) for each in left.json["files"]]
    assert [Path(each["path"]) for each in left.json["files"]] == [
        run / "run.trec",
        run / "qrels.txt",
    ]
    assert [each["lines"] for each in left.json["files"]] == lines


def test_our_own_run_comes_back_with_the_same_figures(askpod, run, gold, indexed, tmp_path):
    askpod("eval", "export", run)
    back = tmp_path / "back"
    left = askpod("eval", "import", gold, run / "run.trec", "--store", indexed, "--out", back)
    assert left.code == 0
    assert f"report: {back / 'report.html'}" in left.out
    assert figures(back) == pytest.approx(figures(run), abs=2e-4)  # times have milliseconds
    for own, other in zip(read_records(run), read_records(back), strict=True):
        words = [each["words"] for each in own.retrieved]
        assert [each["words"] for each in other.retrieved] == words
        texts = [each["text"].split() for each in own.retrieved]
        assert [each["text"].split() for each in other.retrieved] == texts


@pytest.fixture
def imported(askpod, indexed, gold, tmp_path):
    """Imports lines of a run, and gives what that left."""

    def run(*lines: str, qrels: str | None = None):
        (tmp_path / "bm25.trec").write_text("\n".join(lines))
        more = []
        if qrels is not None:
            (tmp_path / "judged.txt").write_text(qrels)
            more = ["--qrels", tmp_path / "judged.txt"]
        ran = askpod(
            "eval", "import", gold, tmp_path / "bm25.trec", "--store", indexed, "--json",
            "--out", tmp_path / "theirs", *more,
        )  # fmt: skip
        return ran, tmp_path / "theirs"

    return run


def first_of(gold: Path) -> tuple[str, str, float, float]:
    row = yaml.safe_load(gold.read_text(encoding="utf-8"))[0]
    evidence = row["evidence"][0]
    return row["id"], evidence["episode"], evidence["start"], evidence["end"]


def test_the_words_of_a_foreign_stretch_are_those_of_the_archive(imported, gold, indexed):
    question, episode, start, end = first_of(gold)
    left, folder = imported(f"{question} Q0 {episode}@{start}-{end} 1 1.0 theirs")
    assert left.code == 0
    records = read_records(folder)
    first, *others = records
    scores = {name: score.value for name, score in first.scores.items()}
    assert (scores["hit@1"], scores["precision@2000"], scores["f1@2000"]) == (1, 1, 1)
    assert 1 < first.retrieved[0]["words"] < 4 * (end - start)
    with Archive.open(indexed) as archive:
        said = " ".join(turn.text for turn in archive.turns(episode))
    assert " ".join(first.retrieved[0]["text"].split()) in " ".join(said.split())
    # Questions that the run has no line for score 0, and count.
    assert [record.scores["recall@2000"].value for record in others[:-1]] == [0] * 6
    assert figures(folder)["mrr"] == pytest.approx(1 / 7, abs=1e-4)
    assert left.json["summary"]["setup"]["mode"] == "imported from bm25.trec"


def test_judgements_of_ones_own_stand_in_for_the_evidence(imported, gold):
    question, episode, _, _ = first_of(gold)
    left, folder = imported(
        f"{question} Q0 {episode}@0-10 1 2.0 t",
        f"{question} Q0 {episode}@10-20 2 1.0 t",
        qrels=f"{question} 0 {episode}@10-20 1\n{question} 0 {episode}@0-10 0\n",
    )
    assert left.code == 0
    (record,) = read_records(folder)  # the one question that is judged
    assert record.gold["evidence"][0]["start"] == 10
    assert record.scores["mrr"].value == 0.5


def test_questions_the_gold_set_does_not_have_are_named_and_left_out(imported, gold):
    question, episode, _, _ = first_of(gold)
    left, folder = imported(
        f"{question} Q0 {episode}@0-10 1 2.0 t", f"other-1 Q0 {episode}@0-10 1 2.0 t"
    )
    assert left.code == 0
    assert "1 question of " in left.err
    assert "other-1" in left.err
    assert len(read_records(folder)) == 8


@pytest.mark.parametrize(
    ("line", "qrels", "problem"),
    [
        ("{question} Q0 nowhere@0-10 1 2.0 t", None, "the archive has no episode nowhere"),
        ("other Q0 {episode}@0-10 1 2.0 t", None, "has none of the questions of"),
        ("{question} Q0 FT911-3 1 2.0 t", None, "bm25.trec:1: 'FT911-3' is not of the form"),
        ("{question} Q0 {episode}@0-1 1 2 t", "q 0 {episode}@0-1 1", "judges none of the"),
        ("{question} Q0 {episode}@0-1 1 2 t", "{question} 0 no@0-1 1", "has no episode no"),
        (
            "{question} Q0 {episode}@0-1 1 2 t",
            "{question} 0 {episode}@5-5 1",
            "end 5 must be after",
        ),
    ],
)
def test_what_cannot_be_scored_says_where_and_why(imported, gold, line, qrels, problem):
    question, episode, _, _ = first_of(gold)
    names = {"question": question, "episode": episode}
    left, folder = imported(line.format(**names), qrels=qrels and qrels.format(**names))
    assert left.code == 2
    assert problem in " ".join(left.err.split())
    assert not folder.exists()
