"""One matching engine: words, several words, wildcards, overlaps; against a matcher that is slow and plain."""
import json

import numpy as np
import pandas as pd
import pytest
from conftest import articles_of
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import lexicons, tokens


def tokens_of(*texts):
    return tokens.split_tokens(tokens.split_sentences(articles_of(*texts)))


def dictionary(**categories):
    return pd.DataFrame([(c, t) for c, terms in categories.items() for t in terms], columns=["category", "term"])


def found(text, **categories):
    return [(h.category, h.term, text[h.start:h.end]) for h in lexicons.match(tokens_of(text), dictionary(**categories)).itertuples()]


def test_words_wildcards_and_several_words():
    text = "Tax cuts cost jobs; taxing the taxi is no tax cut."
    assert found(text, economic=["tax*", "tax cut*", "jobs"]) == [
        ("economic", "tax cut*", "Tax cuts"), ("economic", "jobs", "jobs"), ("economic", "tax*", "taxing"), ("economic", "tax*", "taxi"), ("economic", "tax cut*", "tax cut")]


def test_the_longest_match_wins_within_a_category():
    text = "The New York Times moved from New York."
    assert found(text, place=["new york", "new york times"]) == [("place", "new york times", "New York Times"), ("place", "new york", "New York")]


def test_categories_match_independently():
    assert found("The New York Times.", place=["new york"], paper=["new york times"]) == [("paper", "new york times", "New York Times"), ("place", "new york", "New York")]


def test_the_earliest_of_equally_long_matches_wins():
    assert found("war on drugs use", x=["war on", "on drugs"]) == [("x", "war on", "war on")]


def test_the_term_without_wildcard_wins():
    assert found("blame", x=["blam*", "blame"]) == [("x", "blame", "blame")]


def test_apostrophes_of_both_kinds():
    assert found("It wasn’t the government’s.", x=["n't", "government 's"]) == [("x", "n't", "n’t"), ("x", "government 's", "government’s")]


def test_no_match_crosses_a_sentence():
    assert found("He went to war. Crimes followed.", x=["war crimes", "war . crimes"]) == []


def test_no_match_crosses_an_article():
    assert lexicons.match(tokens_of("to war", "crimes"), dictionary(x=["war crimes"])).empty


def test_nothing_matches_nothing():
    assert lexicons.match(tokens_of("A text."), dictionary(x=["absent"])).empty
    assert lexicons.match(tokens_of("A text.").head(0), dictionary(x=["text"])).empty


def plainly(words, table):
    """The definition: try every term at every place, the nearest next piece behind a gap; then longest, earliest, without wildcard."""
    hits = []
    for category, term in table.itertuples(index=False):
        pieces = [piece.split(" ") for piece in term.split(" ... ")]
        stands = lambda piece, i: i + len(piece) <= len(words) and all(w.startswith(p[:-1]) if p.endswith("*") else w == p for w, p in zip(words[i:], piece))
        for i in range(len(words)):
            end = i + len(pieces[0]) if stands(pieces[0], i) else None
            for piece in pieces[1:]:
                end = None if end is None else next((j + len(piece) for j in range(end, end + lexicons.GAP + 1) if stands(piece, j)), None)
            if end is not None:
                hits.append((i - end, i, term.endswith("*"), term, category))
    taken, kept = set(), []
    for n, i, _, term, category in sorted(hits, key=lambda h: h[:4]):
        cells = {(category, j) for j in range(i, i - n)}
        if not cells & taken:
            taken |= cells
            kept.append((i, category, term))
    return sorted(kept)


LETTERS = st.text("ab", min_size=1, max_size=3)
WORD = st.tuples(LETTERS, st.booleans()).map(lambda t: t[0] + "*" * t[1])
TERM = st.tuples(st.lists(WORD, min_size=1, max_size=3), st.lists(st.sampled_from([" ", " ", " ... "]), min_size=2, max_size=2)).map(
    lambda t: "".join(word + gap for word, gap in zip(t[0], [*t[1][:len(t[0]) - 1], ""])))


@settings(max_examples=400, deadline=None)
@given(st.lists(LETTERS, min_size=1, max_size=20), st.lists(st.tuples(st.sampled_from("xy"), TERM), min_size=1, max_size=6, unique=True))
def test_equal_to_the_plain_matcher(words, terms):
    table = pd.DataFrame(terms, columns=["category", "term"])
    stream = pd.DataFrame({"article_id": "a", "sentence_id": 0, "position": range(len(words)), "token": words, "start": range(len(words)), "end": range(1, len(words) + 1)})
    hits = lexicons.match(stream, table)
    assert sorted(hits[["position", "category", "term"]].itertuples(index=False, name=None)) == plainly(words, table)


@pytest.mark.parametrize("content, message", [
    ("category,term,reason\nx,*war,r\n", "line 2: found “\\*war”; expected `\\*` only behind a word's letters"),
    ("category,term,reason\nx,w*r,r\n", "line 2: found “w\\*r”"),
    ("# note\ncategory,term,reason\nx,war,r\nx,War,r\n", "line 4: found “war” in x a second time"),
    ("category,term,reason\nx,,r\n", "line 2: found no term"),
    ("frame,word\nx,war\n", "line 1: found the columns frame, word; expected category, term"),
    ("", "expected a CSV file"),
])
def test_bad_dictionaries_are_refused_with_the_line(tmp_path, content, message):
    (tmp_path / "d.csv").write_text(content, encoding="utf-8")
    with pytest.raises(lexicons.DictionaryError, match=message):
        lexicons.read_dictionary(tmp_path / "d.csv")


def test_work_grows_with_the_text_not_with_text_times_terms(monkeypatch):
    """The first words of terms are looked up once per distinct word, however often it stands in the text."""
    looked = []
    plain = lexicons._matching_parts
    monkeypatch.setattr(lexicons, "_matching_parts", lambda words, parts: looked.append(len(words.words)) or plain(words, parts))
    lexicons.match(tokens_of("war and peace " * 500), dictionary(x=["war", "peace*"]))
    assert looked == [3]


def test_a_gap_ends_with_the_sentence():
    book = {"x": ["refus* ... talk"]}
    assert len(lexicons.match(tokens_of("They refused to talk."), dictionary(**book))) == 1
    assert lexicons.match(tokens_of("They refused. Talk is cheap."), dictionary(**book)).empty and lexicons.match(tokens_of("They refused", "Talk is cheap."), dictionary(**book)).empty


def test_what_is_remembered_of_a_table_is_forgotten_when_it_changes():
    asked = []
    words_of = lexicons.remembered("token", "n")(lambda table: asked.append(1) or list(zip(table["token"], table["n"])))
    table = pd.DataFrame({"token": pd.array(["a", "b", "c", "d"], dtype="str"), "n": [1, 2, 3, 4]})
    for some in (table, table.assign(more=1), table.copy(deep=False), table.iloc[::2], table.iloc[:2], table.astype({"token": object})):
        assert words_of(some) == list(zip(some["token"], some["n"]))
    assert len(asked) == 4
    for column, value in (("token", "x"), ("n", 9)):
        before = table.copy(deep=False)
        table.loc[1, column] = value
        assert words_of(table) == list(zip(table["token"], table["n"])) != words_of(before)


def test_what_is_known_of_words_goes_with_the_rows():
    words = tokens_of("The war and The peace, the WAR").assign(unit=0)
    part = lexicons.take(words, [1, 3, 6])
    known, fresh = lexicons.types(part), lexicons.types.__wrapped__(part)
    assert part["token"].tolist() == [known.printed[code] for code in known.codes] and [known.words[n] for n in known.folded] == [fresh.words[n] for n in fresh.folded]
    assert known.among({"war"}).tolist() == fresh.among({"war"}).tolist() and lexicons.match(part.assign(position=0), dictionary(x=["war", "the"]))["row"].tolist() == [0, 1, 2]


@given(st.lists(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 99), st.integers(0, 10**6), st.sampled_from([0.5, -3.25, 0.0, 1e-9])), max_size=3), max_size=6))
def test_evidence_is_the_units_items_as_json(units):
    unit = np.array([n for n, items in enumerate(units) for _ in items], dtype="int64")
    term, start, end, score = (pd.Series([item[i] for items in units for item in items], dtype=kind) for i, kind in enumerate(("str", "int64", "int64", "float64")))
    expected = [json.dumps(items, ensure_ascii=False, separators=(",", ":")) for items in units]
    assert lexicons.evidence(unit, len(units), term, start, end, score).tolist() == expected
    codes, names = pd.factorize(term)
    assert lexicons.evidence(unit, len(units), (codes, list(map(lexicons.as_json, names))), start.to_numpy(), end, score).tolist() == expected


def test_matches_come_in_the_order_of_the_text():
    hits = lexicons.match(tokens_of("Rain and sun and rain. Sun, then rain."), dictionary(dry=["sun"], wet=["rain"]))
    assert hits["category"].tolist() == ["wet", "dry", "wet", "dry", "wet"] and hits["row"].is_monotonic_increasing
