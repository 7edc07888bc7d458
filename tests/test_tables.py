"""One schema in code: checked on writing and reading; tables that no longer fit are refused with what to do."""
import json
import multiprocessing
import os

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import articles_of

from analysis import joins, tables, tokens


@pytest.fixture
def store(home, tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "one.txt").write_text("A first text. It has two sentences.", encoding="utf-8")
    store = tables.Store(folder)
    store.write("articles", articles_of("A first text. It has two sentences."), made_from=["source"])
    return store


def sentences_of(store):
    return store.write("sentences", tokens.split_sentences(store.read("articles")), made_from=["articles"])


def test_what_is_written_is_read(store):
    pd.testing.assert_frame_equal(sentences_of(store), store.read("sentences"))


@pytest.mark.parametrize("change, message", [
    (lambda t: t.drop(columns="outlet"), "columns missing: outlet"),
    (lambda t: t.assign(extra=1), "columns it does not have: extra"),
    (lambda t: t.assign(text=None), "column `text`: null in row 0"),
    (lambda t: t.assign(n_words="many"), "column `n_words`: expected int"),
    (lambda t: t.assign(n_words=-1), "column `n_words`: np.int64(-1) is out of range"),
    (lambda t: pd.concat([t, t]), "repeat the key article_id"),
])
def test_a_wrong_table_is_refused_by_name(change, message):
    with pytest.raises(tables.TableError) as error:
        tables.check("articles", change(articles_of("Text.")))
    assert message in str(error.value) and "`articles`" in str(error.value)


def test_a_row_that_refers_to_nothing_is_refused(store):
    sentences = tokens.split_sentences(articles_of("One.", "Two."))
    with pytest.raises(tables.TableError, match="1 row.s. refer to nothing in `articles`.*'b'"):
        store.write("sentences", sentences, made_from=["articles"])


def test_a_missing_table_names_its_notebook(store):
    with pytest.raises(tables.TableError, match="run notebook 02_tokens first"):
        store.read("sentences")


def test_a_changed_source_makes_every_later_table_outdated(store):
    sentences_of(store)
    (store.source / "two.txt").write_text("Another text.", encoding="utf-8")
    with pytest.raises(tables.TableError, match="`articles` is older than what it was made from .source.: run notebook 01_corpus again"):
        store.read("sentences")


def test_a_changed_parent_makes_a_table_outdated(store):
    sentences_of(store)
    store.write("articles", articles_of("A first text. It has three sentences. Now."), made_from=["source"])
    with pytest.raises(tables.TableError, match="`sentences` is older than what it was made from .articles.: run notebook 02_tokens again"):
        store.read("sentences")


def test_changed_code_makes_a_table_outdated(store, monkeypatch):
    sentences_of(store)
    monkeypatch.setattr(tables, "code_hash", lambda *modules: "another" if modules == ("tokens",) else "x")
    with pytest.raises(tables.TableError, match="another version of the code"):
        store.read("sentences")


def test_a_damaged_table_is_refused_or_reads_the_same(store):
    sentences, path, refused = sentences_of(store), store.path("sentences"), 0
    whole = path.read_bytes()
    for at in range(4, len(whole) - 8, 23):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1:])
        try:
            pd.testing.assert_frame_equal(store.read("sentences"), sentences)
        except tables.TableError as error:
            assert "run notebook 02_tokens again" in str(error)
            refused += 1
    assert refused > 20


def test_a_truncated_table_is_refused(store):
    sentences_of(store)
    path = store.path("sentences")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(tables.TableError, match="damaged"):
        store.read("sentences")


def test_a_foreign_table_is_refused(store):
    sentences_of(store).to_parquet(store.path("sentences"))
    with pytest.raises(tables.TableError, match="is not the table `sentences` of corpus `papers`"):
        store.read("sentences")


def test_a_table_of_another_corpus_is_refused(store):
    sentences_of(store)
    other = tables.Store(store.source, name="other")
    other.folder.mkdir(exist_ok=True)
    os.replace(store.path("sentences"), other.path("sentences"))
    with pytest.raises(tables.TableError, match="is not the table"):
        other.read("sentences")


def test_a_failed_write_leaves_the_old_file_whole(store, monkeypatch):
    before = store.path("articles").read_bytes()
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError):
        store.write("articles", articles_of("Another."), made_from=["source"])
    assert store.path("articles").read_bytes() == before
    assert [p.name for p in store.folder.iterdir() if p.name.startswith(".")] == []


def test_a_table_made_from_what_changed_meanwhile_is_refused(store):
    sentences = tokens.split_sentences(store.read("articles"))
    tables.Store(store.source).write("articles", articles_of("Other text."), made_from=["source"])
    with pytest.raises(tables.TableError, match="articles changed while table `sentences` was made from it"):
        store.write("sentences", sentences, made_from=["articles"])


def test_a_source_that_changed_meanwhile_is_refused(store):
    (store.source / "two.txt").write_text("New.", encoding="utf-8")
    with pytest.raises(tables.TableError, match="source changed while table `articles` was made from it"):
        store.write("articles", articles_of("A text."), made_from=["source"])


def test_a_changed_dictionary_makes_a_table_outdated(store, tmp_path):
    terms = tmp_path / "terms.csv"
    terms.write_text("a", encoding="utf-8")
    store.write("sentences", tokens.split_sentences(store.read("articles")), made_from=["articles", terms])
    store.read("sentences")
    terms.write_text("b", encoding="utf-8")
    with pytest.raises(tables.TableError, match="older than what it was made from .*terms.csv"):
        store.read("sentences")


def test_made_from_must_name_the_table_referred_to(store):
    with pytest.raises(tables.TableError, match="made_from must name `articles`"):
        store.write("sentences", tokens.split_sentences(store.read("articles")), made_from=[])


def test_the_code_hash_follows_imports_and_versions(monkeypatch):
    assert "lexicons" in tables.modules_in((tables.ROOT / "analysis" / "framing.py").read_text(encoding="utf-8"))
    tables.code_hash.cache_clear()
    before = tables.code_hash("framing")
    tables.code_hash.cache_clear()
    monkeypatch.setattr(tables, "versions", lambda *packages: {"nltk": "0"})
    assert tables.code_hash("framing") != before
    tables.code_hash.cache_clear()
    monkeypatch.undo()
    plain = tables.modules_in
    monkeypatch.setattr(tables, "modules_in", lambda source: set())
    assert tables.code_hash("framing") != before and plain("from analysis import lexicons") == {"lexicons"}
    tables.code_hash.cache_clear()


def test_end_before_start_is_refused():
    sentences = tokens.split_sentences(articles_of("One two."))
    with pytest.raises(tables.TableError, match="`end` before `start` in 1 row"):
        tables.check("sentences", sentences.assign(start=5, end=2))


def test_a_name_given_anew_carries_nothing_of_its_former_owner(store):
    import shutil
    old = tables.home() / "figures" / "papers" / "x.svg"
    old.parent.mkdir(parents=True)
    old.write_text("<svg/>", encoding="utf-8")
    shutil.rmtree(store.folder)
    tables.Store(store.source)
    assert not old.exists()


def test_each_table_records_what_it_was_made_from(store):
    sentences_of(store)
    said = json.loads(pq.read_schema(store.path("sentences")).metadata[b"news-framing"])
    assert said["made_from"] == {"articles": store.footer("articles")["content"]}


def test_repeated_keys_are_those_that_pandas_finds():
    draw = np.random.default_rng(7)
    for _ in range(200):
        n = int(draw.integers(0, 40))
        keys = pd.DataFrame({"a": pd.array(draw.choice(["x", "y", None], n), dtype="str"), "b": draw.integers(0, 3, n), "c": pd.array(draw.choice([1, 2, None], n), dtype="Int64"), "d": pd.Categorical(draw.choice(["p", "q", None], n))})
        assert (joins.twice(keys) == keys.duplicated()).all()


def test_places_and_texts_are_those_found_one_by_one():
    draw = np.random.default_rng(3)
    for _ in range(100):
        among = pd.DataFrame({"article_id": pd.array(draw.choice(list("xyz"), 12), dtype="str"), "sentence_id": draw.integers(0, 9, 12)}).drop_duplicates(ignore_index=True)
        table = pd.DataFrame({"article_id": pd.array(draw.choice(list("wxyz"), n := int(draw.integers(0, 9))), dtype="str"), "sentence_id": draw.integers(0, 9, n)})
        rows = list(zip(among["article_id"], among["sentence_id"]))
        expected = [rows.index(key) if key in rows else -1 for key in zip(table["article_id"], table["sentence_id"])]
        assert joins.places(table, among).tolist() == expected
        if -1 in expected:
            with pytest.raises(tables.TableError, match="not there, for example"):
                joins.places(table, among, all_there=True)
        texts, at = pd.array(["one", "two", "three"], dtype="str"), draw.integers(-1, 3, n)
        for many in (1, 2, 100):
            found = joins.taken(texts, at, at_once=many)
            assert found.dtype == "str" and [None if pd.isna(t) else t for t in found] == [texts[i] if i >= 0 else None for i in at]


def test_codings_with_and_without_categories_are_put_together_alike():
    sentences = pd.DataFrame({"article_id": ["b", "a", "a"], "sentence_id": [0, 0, 1]}).astype({"article_id": "str"})
    make = lambda coder, order: pd.DataFrame([{"article_id": a, "sentence_id": n, "segment_id": pd.NA, "coder": coder, "variable": "v", "target": t, "value": n + 0.5, "label": None, "evidence": "[]"} for a, n, t in order]).astype(
        {"article_id": "str", "segment_id": "Int64", "coder": "str", "variable": "str", "target": "str", "label": "str", "evidence": "str"})
    one, other = make("c", [("b", 0, None), ("a", 0, None), ("a", 1, "x")]), make("d", [("a", 1, "y"), ("b", 0, "x")])
    few = list(tables.REPEATED)
    plain = joins.by_article([one, None, other], sentences)
    assert list(zip(plain["article_id"], plain["coder"], plain["sentence_id"])) == [("b", "c", 0), ("b", "d", 0), ("a", "c", 0), ("a", "c", 1), ("a", "d", 1)]
    for parts in ([one.astype(dict.fromkeys(few, "category")), other], [one, other.astype(dict.fromkeys(few, "category"))], [one, other.assign(label=None).astype({"target": "category"})]):
        found = joins.by_article(parts, sentences)
        assert any(found[column].dtype == "category" for column in few)
        pd.testing.assert_frame_equal(joins.plain(found).astype({"label": "str"}), plain)
    assert joins.by_article([None, one.head(0)], sentences).empty and joins.by_article([one.head(0), None], sentences).empty


def test_categories_are_texts_to_every_reader(store):
    sentences = sentences_of(store)
    keys = sentences[["article_id", "sentence_id"]]
    plain = tables.check("frames", keys.assign(segment_id=pd.NA, coder="c", variable=["v", "w"], target=None, value=[1.0, np.nan], label=None, evidence="[]"))
    few = plain.assign(**{c: pd.Categorical(plain[c], sorted({*plain[c].dropna(), "unused"})) for c in tables.REPEATED})
    assert tables.content_hash(few) == tables.content_hash(plain)
    for table in (plain, few):
        pd.testing.assert_frame_equal(store.write("frames", table, made_from=["sentences"]), plain)
        pd.testing.assert_frame_equal(store.read("frames"), plain)
        assert pd.read_parquet(store.path("frames")).dtypes.astype(str).tolist() == plain.dtypes.astype(str).tolist()
    with pytest.raises(tables.TableError, match="repeat the key"):
        tables.check("frames", few.assign(variable=pd.Categorical(["v", "v"]), sentence_id=0))
    with pytest.raises(tables.TableError, match="column `coder`: null in row 1"):
        tables.check("frames", few.assign(coder=pd.Categorical(["c", None])))


def test_the_content_hash_ends_at_nine_decimals():
    of = lambda *values: tables.content_hash(pd.DataFrame({"value": values}))
    assert of(0.1 + 0.2, -1e-12) == of(0.3, 0.0) != of(0.300000001, 0.0)


def _write_in(path, results):
    table = pd.DataFrame({"a": ["x", None, "é"], "b": [1.5, float("nan"), -0.0]})
    results.put(tables.content_hash(table))


def test_the_content_hash_does_not_depend_on_the_process():
    context, found = multiprocessing.get_context("spawn"), []
    for _ in range(2):
        results = context.Queue()
        process = context.Process(target=_write_in, args=(None, results))
        process.start()
        found.append(results.get(timeout=60))
        process.join()
    assert found[0] == found[1]


def test_a_name_in_use_for_another_path_is_refused(home, tmp_path):
    for part in ("x", "y"):
        (tmp_path / part / "papers").mkdir(parents=True)
    tables.Store(tmp_path / "x" / "papers")
    with pytest.raises(tables.TableError, match="The name `papers` is in use for .*add NAME="):
        tables.Store(tmp_path / "y" / "papers")
    assert tables.Store(tmp_path / "y" / "papers", name="papers-2").name == "papers-2"


@pytest.mark.parametrize("words, message", [
    ({"corpus": "nowhere/at/all"}, "No corpus at nowhere/at/all"),
    ({"corpus": "retellings", "topic": "middle_east"}, "only the corpus `newsarticles` carries a topic filter"),
    ({"corpus": "newsarticles", "name": "retellings"}, "The name `retellings` belongs to a built-in corpus"),
    ({"corpus": "newsarticles", "topic": "weather"}, "TOPIC=weather: expected all, middle_east"),
    ({"corpus": "retellings", "name": "../x"}, "a corpus's name is made of"),
])
def test_impossible_choices_are_refused(home, words, message):
    with pytest.raises(tables.TableError, match=message):
        tables.Store(words.pop("corpus"), **words)


def test_topics_have_names_of_their_own(home):
    assert [tables.Store("newsarticles", topic=t).name for t in (None, "all")] == ["newsarticles", "newsarticles-all"]


def test_a_corpus_and_its_hand_coding_have_two_names(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    corpus, coded = tmp_path / "harbour", tmp_path / "data" / "coded" / "harbour"
    for folder in (corpus, coded):
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text("It rained.", encoding="utf-8")
    assert (tables.Store(corpus).name, tables.Store(coded, coded=True).name) == ("harbour", "coded-harbour"), "`report` and `validate` of one corpus do not meet"
