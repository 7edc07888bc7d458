"""Any bytes and any text: readers, splitter, voices, matcher, codebooks and sheets give rows or a refusal of their own, and the work grows with the input, not its square.

A few seconds in `make test`; `make fuzz` (HYPOTHESIS_PROFILE=long) tries for long.
"""
import io
import os
import sys

import pandas as pd
import pytest
import yaml
from conftest import articles_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import coding, corpus, framing, lexicons, sheets, tokens, voices

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
tried = settings(max_examples=20_000 if LONG else 40, deadline=None, suppress_health_check=list(HealthCheck))
PIECES = st.sampled_from(["“", "”", "\"", "'", "‘", "’", ". ", "! ", "… ", "\n", "\n\n", " said", " said that ", "He ", "Anna Lund", "killed", " by ", "war", "not ", "U.S. ", "A.", "1. ", "(", ")", "[", ",", "; ", ":", "—", "-",
                          "😀", "\u200d", "\u0301", "\u202e", "שלום", "\x00", "\x1b[31m", "\u2028", "\t", " ", "\ufffd", "ß", "İ", "ǅ", "the bridge was closed", "date 2023-01-01 ", "---\n", "title: x\n", "id,text\n", "{\"text\": \"", "<p>", "*", "_"])
TEXT = st.lists(PIECES | st.text(st.characters(exclude_categories=("Cs",)), max_size=8), max_size=30).map("".join)
BYTES = st.binary(max_size=200) | TEXT.flatmap(lambda t: st.sampled_from([t.encode(), t.encode("utf-16"), t.encode("cp1252", "replace"), t.encode("utf-8-sig")])) | st.builds(lambda a, b: a.encode() + b, TEXT, st.binary(max_size=40))


@tried
@given(BYTES, st.sampled_from([*sorted(corpus.READERS), ".zip", ".none"]))
def test_readers_give_articles_or_refusals(content, ending):
    rows, refused = [], []
    corpus._read_into(rows, refused, f"a{ending}", content, {}, [corpus.ARCHIVE_LIMIT])
    assert rows or refused, "something is said of every file"
    found, refused = corpus._named(rows, pd.DataFrame(refused, columns=["file", "line", "found", "expected"]).astype({"line": "Int64"}))
    assert found.empty or found["text"].str.len().gt(0).all() and found["article_id"].is_unique
    assert not any("\n" in str(v) for c in ("file", "found", "expected") for v in refused[c])


def cut(text):
    """The tables of one text, down to its voices; none where nothing is left of it."""
    found = pd.DataFrame({"article_id": ["a"], "title": [None], "text": [text]})
    text = corpus.clean(found)[0]["text"][0]
    articles = articles_of(text or "x")
    sentences = tokens.split_sentences(articles)
    return articles, sentences, tokens.split_tokens(sentences)


@tried
@given(TEXT)
def test_sentences_tokens_and_voices_tile_any_text(text):
    articles, sentences, words = cut(text)
    whole = articles["text"][0]
    assert all(whole[a:b] == t and t.strip() == t for a, b, t in zip(sentences["start"], sentences["end"], sentences["text"]))
    assert "".join(sentences["text"]).replace(" ", "") == "".join(whole.split()).replace(" ", "") or "".join("".join(sentences["text"]).split()) == "".join(whole.split())
    assert all(whole[a:b] == t for a, b, t in zip(words["start"], words["end"], words["token"]))
    segments = voices.find_voices(articles, sentences, words)
    for number, part in segments.groupby("sentence_id"):
        row = sentences.iloc[number]
        assert part["start"].iloc[0] == row["start"] and part["end"].iloc[-1] == row["end"] and (part["start"].iloc[1:].to_numpy() == part["end"].iloc[:-1].to_numpy()).all()


TERMS = pd.DataFrame({"category": list("xyzw"), "term": ["war", "kill*", "not ... closed", "a b"]})


@tried
@given(TEXT)
def test_the_matcher_points_to_what_stands_there(text):
    articles, _, words = cut(text)
    hits = lexicons.match(words, TERMS)
    assert set(hits["category"]) <= set("xyzw") and len(hits) <= 4 * len(words)


BOOK = (framing.CODEBOOKS / "war_peace.yaml").read_text(encoding="utf-8")


@tried
@given(st.binary(max_size=80) | TEXT.map(str.encode) | st.builds(lambda at, n, new: (BOOK[:at % len(BOOK)] + new + BOOK[at % len(BOOK) + n:])[:3000].encode(), st.integers(0, 3000), st.integers(0, 40), TEXT)
       | st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda c: st.lists(c, max_size=3) | st.dictionaries(st.sampled_from(["codebook", "title", "variables", "x"]), c, max_size=3)).map(lambda v: yaml.safe_dump(v).encode()))
def test_codebooks_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    path.write_bytes(content)
    try:
        assert framing._read(path).variables
    except framing.CodebookError as error:
        assert str(path) in str(error)


@tried
@given(BYTES | st.lists(st.lists(st.sampled_from(["u1", "u2", "unit_id", "tone", "coder", "yes", "1", "0", "", "x,y", "\"", "anna", "-1"]), max_size=5), max_size=5).map(lambda rows: "\n".join(map(";".join, rows)).encode()))
def test_sheets_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(content)
    units = pd.DataFrame({"unit_id": ["u1", "u2"], "text": ["One.", "Two."]})
    how = {"sample": "s000000", "variables": [{"name": "tone", "question": "?", "values": [["-1", ""], ["0", ""], ["1", ""]]}]}
    try:
        found = sheets.read_sheet(path, units, how)
        assert all(unit in ("u1", "u2") and value in ("-1", "0", "1") for _, unit, _, _, value in found.rows) and all(len(w) == 3 for w in found.wrong)
    except coding.CodedSetError as error:
        assert str(path) in str(error)


# ---- the work grows with the input ----------------------------------------------------------------------------------------------

def work(function, *words):
    """Lines of Python run and functions called (of C, too) by a call: what it does, whatever the machine."""
    count = 0

    def seen(frame, event, arg):
        nonlocal count
        count += 1
        return seen
    sys.settrace(seen)
    sys.setprofile(lambda frame, event, arg: seen(frame, event, arg) and None)
    try:
        function(*words)
    finally:
        sys.settrace(None)
        sys.setprofile(None)
    return count


ATOMS = {"sentences": "He said that it was bad. ", "quotations in a line": "“x” ", "paragraphs": "A word.\n\n", "quoted paragraphs": "“It's a day of 'war' here.\n\n", "marks": "! ... ", "emoji": "😀. ", "initials": "A. B.", "no full stop": "and so "}


@pytest.mark.parametrize("atom", ATOMS)
def test_twice_the_text_is_twice_the_work(atom):
    def whole(n):
        articles, sentences, words = cut(ATOMS[atom] * n)
        voices.find_voices(articles, sentences, words)
        lexicons.match(words, TERMS)
        return articles
    whole(20)                                             # what is done once and kept
    once, again = work(whole, 1500), work(whole, 3000)
    assert again <= 2.3 * once, f"{once:,} steps, {again:,} for twice the text"


@pytest.mark.parametrize("ending", [".txt", ".md", ".csv", ".jsonl"])
def test_twice_the_file_is_twice_the_work(ending):
    def content(n):
        return {".txt": b"A line: of text.\n" * n, ".md": b"---\na: [b](c\n" + b"![x [y](z *a\n" * n, ".csv": b"id,text\n" + b"".join(b"%d,One text.\n" % i for i in range(n)),
                ".jsonl": b"".join(b'{"id": %d, "text": "One."}\n' % i for i in range(n))}[ending]

    def read(n):
        rows, refused = [], []
        corpus._read_into(rows, refused, f"a{ending}", content(n), {}, [corpus.ARCHIVE_LIMIT])
        corpus._named(rows, pd.DataFrame(refused, columns=["file", "line", "found", "expected"]))
    read(20)
    assert work(read, 2000) <= 2.3 * work(read, 1000)


@pytest.mark.parametrize("content", [b" " * 300_000, b"[" * 300_000, b"[a](" * 100_000, b"![" * 150_000, b"*a " * 100_000, b"\n " * 150_000, b"a:" * 150_000], ids=repr)
def test_no_pattern_runs_away(content):
    """A regular expression that goes back over its text from every place would need hours here; linear ones need no second."""
    corpus.clean(pd.DataFrame({"article_id": ["a"], "title": [None], "text": [next(corpus.read_md(b"x" + content))[1]["text"]]}))
    tokens.sentence_spans(("x" + content.decode())[:20_000])
