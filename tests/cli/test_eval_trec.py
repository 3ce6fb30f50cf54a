"""`askpod eval export`: a run for trec_eval."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from of_trec import NAMES, of_trec

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
    lines = judged.read_text().splitlines()
    questions = {line.split()[0] for line in lines}
    theirs = of_trec(ranked.read_text().splitlines(), lines)
    own = figures(run)
    assert len(questions) == 7  # the unanswerable question is not judged
    for name in NAMES:
        mean = sum(each[name] for each in theirs.values()) / len(questions)
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
