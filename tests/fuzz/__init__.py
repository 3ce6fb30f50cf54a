"""Reads thousands of mutated files and tells which ones a reader cannot bear.

    python -m fuzz --seconds 600          (with tests/ on the path; or `make fuzz`)
    python -m fuzz evals --seconds 600    gold files, run folders, kept replies: evals.py

Every transcript must end in a sound episode or in a clear ReadError, within 2 seconds of processor
time and 500 MB; so must feeds and metadata files. The largest files that the readers take come
first, then spoiled ones. A program, not a test: pytest runs a small part of it in
tests/readers/test_mutations.py and tests/evals/test_damaged_files.py.
"""
