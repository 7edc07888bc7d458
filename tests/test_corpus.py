"""Files → articles: every reader, every refusal, mending, duplicates against all pairs."""
import io
import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from conftest import SHARED, articles_of, needs_shared
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import corpus, tables


def read(folder, **files):
    """Write files (`name__ending=content`) into a folder and read it."""
    for name, content in files.items():
        path = folder / name.replace("__", ".").replace("_in_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return corpus.read(folder)


def test_one_line_header(tmp_path):
    found, refused = read(tmp_path, a__txt=" date 2023-11-11 Iran’s minister spoke.\n\nA second paragraph.\n")
    assert found["text"][0] == "Iran’s minister spoke.\n\nA second paragraph."
    assert found["date"][0] == pd.Timestamp("2023-11-11") and found["article_id"][0] == "a" and refused.empty


def test_text_without_header_may_begin_with_the_word_date(tmp_path):
    found, _ = read(tmp_path, a__txt="date night in Rome was long.")
    assert found["text"][0] == "date night in Rome was long." and pd.isna(found["date"][0])


@pytest.mark.parametrize("front", ["---\ntitle: A title\noutlet: The Paper\ndate: 2023-10-27\nsection: World\n---\nThe text.",
                                   "title: A title\noutlet: The Paper\ndate: 27 October 2023\nsection: World\n\nThe text."])
@pytest.mark.parametrize("ending", ["txt", "md"])
def test_front_matter(tmp_path, front, ending):
    found, _ = read(tmp_path, **{f"a__{ending}": front})
    row = found.iloc[0]
    assert (row["title"], row["outlet"], row["date"], row["meta_section"], row["text"]) == ("A title", "The Paper", pd.Timestamp("2023-10-27"), "World", "The text.")


def test_a_first_line_with_a_colon_is_no_front_matter(tmp_path):
    found, _ = read(tmp_path, a__txt="Gaza: the war goes on.\n\nMore.")
    assert found["text"][0].startswith("Gaza: the war")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_with_synonyms_and_own_columns(tmp_path, separator):
    rows = [["Headline", "Body", "Publisher", "published_at", "desk"], ["A title", "The text.", "The Paper", "2023-10-27T10:00:00Z", "World"]]
    found, _ = read(tmp_path, a__csv="\n".join(separator.join(f'"{cell}"' for cell in row) for row in rows))
    row = found.iloc[0]
    assert (row["title"], row["text"], row["outlet"], row["date"], row["meta_desk"]) == ("A title", "The text.", "The Paper", pd.Timestamp("2023-10-27"), "World")
    assert row["article_id"] == "a.csv:2" and row["source"] == "a.csv:2"


def test_own_names_of_columns(tmp_path):
    (tmp_path / "a.csv").write_text("body_html,paper,text\nThe text.,The Paper,a summary\n", encoding="utf-8")
    found, _ = corpus.read(tmp_path, columns={"text": "body_html", "outlet": "paper"})
    assert (found["text"][0], found["outlet"][0], found["meta_text"][0]) == ("The text.", "The Paper", "a summary")


@pytest.mark.parametrize("columns, message", [("text", "found “text”; expected field=your_column"), ("texxt=a", "with the fields article_id, title, text"), ("text=", "found “text=”")])
def test_columns_that_are_no_mapping_are_refused(columns, message):
    with pytest.raises(tables.TableError, match=message):
        corpus.own_columns(columns)


def test_columns_that_stand_nowhere_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("nr,inhalt,erschienen\n7,The text.,2023-10-27\n", encoding="utf-8")
    found, _ = corpus.read(tmp_path, columns=corpus.own_columns("id=nr,text=inhalt,date=erschienen"))
    assert (found["article_id"][0], found["text"][0]) == ("7", "The text.")
    with pytest.raises(tables.TableError, match="COLUMNS names “erschienne”, and no file of .* found erschienen, inhalt, nr"):
        corpus.read(tmp_path, columns=corpus.own_columns("text=inhalt,date=erschienne"))
    with pytest.raises(tables.TableError, match="expected the column “body” that COLUMNS names"):
        corpus.read(tmp_path, columns=corpus.own_columns("text=body"))


def test_markdown_is_read_without_its_marks(tmp_path):
    found, _ = read(tmp_path, a__md="# A title\n\nThe **old** [bridge](https://example.org/x) is _closed_.\n\n- One point\n- Two points\n\n## Later\n\n> A quotation.")
    assert found["title"][0] == "A title" and found["text"][0] == "The old bridge is closed.\n\nOne point\nTwo points\n\nLater\n\nA quotation."


ARTICLES = [{"id": "x1", "title": "A “title”", "text": "The text,\nwith a break.", "outlet": "The Paper", "date": "2023-10-27"},
            {"id": "x2", "title": None, "text": "Another; text\twith “marks”.", "outlet": "Die Zeitung", "date": None}]


def _csv(rows, separator):
    out = io.StringIO()
    pd.DataFrame(rows).to_csv(out, index=False, sep=separator)
    return out.getvalue()


def _parquet(rows):
    out = io.BytesIO()
    pd.DataFrame(rows).to_parquet(out)
    return out.getvalue()


WRITERS = {"csv": lambda rows: _csv(rows, ","), "tsv": lambda rows: _csv(rows, "\t"), "json": json.dumps, "parquet": _parquet,
           "jsonl": lambda rows: "\n".join(map(json.dumps, rows))}


@pytest.mark.parametrize("ending", WRITERS)
def test_every_table_format_reads_the_same(tmp_path, ending):
    found, refused = read(tmp_path, **{f"a__{ending}": WRITERS[ending](ARTICLES)})
    assert refused.empty and list(found["article_id"]) == ["x1", "x2"]
    assert list(found["text"]) == [a["text"] for a in ARTICLES] and list(found["title"].fillna("")) == ["A “title”", ""]


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(lambda t: t.strip())


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=4), st.sampled_from(["csv", "tsv", "json", "jsonl", "parquet"]))
def test_readers_give_back_any_unicode(texts, ending):
    rows = [{"id": str(i), "text": text} for i, text in enumerate(texts)]
    content = WRITERS[ending](rows)
    found = [item["text"] for _, item in corpus.READERS[f".{ending}"](content if isinstance(content, bytes) else content.encode("utf-8"))]
    assert found == texts


def test_sub_folders_name_the_outlet_where_nothing_else_does(tmp_path):
    found, _ = read(tmp_path, Times_in_a__txt="One text.", Post_in_b__txt="outlet: The Other\n\nA text.")
    assert dict(zip(found["article_id"], found["outlet"])) == {"Times/a": "Times", "Post/b": "The Other"}


def test_addresses_name_the_outlet_before_folders_do(tmp_path):
    found, _ = read(tmp_path, batch_in_a__csv="url,text\nhttps://www.dw.com/x,One.\nhttps://paper.example/y,Two.\n")
    assert list(found["outlet"]) == ["DW", "paper.example"]


def test_zip_of_files(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("Times/a.txt", " date 2023-10-27 The text.")
        archive.writestr("../b.csv", "text\nTwo.\n")
        archive.writestr("__MACOSX/x.txt", "no")
    found, refused = read(tmp_path, all__zip=out.getvalue())
    assert list(found["text"]) == ["Two.", "The text."] and "Times" in set(found["outlet"]) and refused.empty
    assert sorted(p.name for p in tmp_path.parent.iterdir() if p.suffix == ".csv") == []


def test_html(tmp_path):
    pytest.importorskip("trafilatura")
    paragraph = "The council said on Monday that the old bridge over the river would be closed to traffic for most of the coming year. "
    page = f"<html><head><title>Bridge closed</title></head><body><nav>Home</nav><article><h1>Bridge closed</h1><p>{paragraph * 2}</p><p>{paragraph}</p></article></body></html>"
    found, refused = read(tmp_path, a__html=page, b__html="<html><body></body></html>")
    assert "old bridge over the river" in found["text"][0] and "Home" not in found["text"][0]
    assert refused["found"].tolist() == ["no article text"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path, encoding):
    found, _ = read(tmp_path, a__txt="“Naïve” – the café’s owner.".encode(encoding))
    assert found["text"][0] == "“Naïve” – the café’s owner."


@pytest.mark.parametrize("said, day", [("2023-10-27", "2023-10-27"), ("2017/2/7", "2017-02-07"), ("20231027", "2023-10-27"), ("27 October 2023", "2023-10-27"),
                                       ("Oct. 27, 2023", "2023-10-27"), ("Friday, October 27th, 2023 10:15 am", "2023-10-27"), ("27/10/2023", "2023-10-27"), ("10/27/2023", "2023-10-27"),
                                       ("03/03/2023", "2023-03-03"), ("Fri, 27 Oct 2023 10:00:00 GMT", "2023-10-27"), ("  2016/12/30 7:11", "2016-12-30")])
def test_dates(said, day):
    assert corpus.parse_date(said) == pd.Timestamp(day)


@pytest.mark.parametrize("said", ["03/04/2023", "2023-13-01", "yesterday", "31 February 2023", "1698364800", "27/10/23"])
def test_dates_that_could_be_two_days_or_none_are_refused(said):
    with pytest.raises(corpus.Refusal, match="such as 2023-10-27"):
        corpus.parse_date(said)


REFUSED = {
    "ambiguous.txt": (b" date 03/04/2023 The text.", 1, "two days"),
    "rows.csv": (b"text,date\nFine.,2023-10-27\nBad.,04/05/2023\n", 3, "two days"),
    "fields.csv": (b"text,date\nA,2023-10-27,extra\n", 2, "3 fields"),
    "columns.csv": (b"words,when\nA,2023\n", 2, "the columns words, when"),
    "quotes.csv": (b'text\n"never closed\n', 2, "unexpected end of data"),
    "twice.csv": (b"text,text\na,b\n", 1, "twice"),
    "bad.json": (b"[{", 1, "no JSON"),
    "bad.jsonl": (b'{"text": "Fine."}\n{"text"\n', 2, "no JSON"),
    "bad.parquet": (b"PAR1", None, "no Parquet"),
    "bad.zip": (b"PK", None, "no zip archive"),
    "empty.txt": (b"", 1, "no text"),
    "picture.png": (b"\x89PNG", None, "the ending"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_name_file_and_line_and_the_rest_goes_on(tmp_path, name):
    content, line, what = REFUSED[name]
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good.txt").write_text("A good text.", encoding="utf-8")
    found, refused = corpus.read(tmp_path)
    assert "A good text." in set(found["text"])
    row = refused.iloc[0]
    assert row["file"] == name and what in row["found"] and row["expected"] and (pd.isna(row["line"]) if line is None else row["line"] == line)


def test_an_id_used_twice_is_refused_where_it_comes_again(tmp_path):
    found, refused = read(tmp_path, a__csv="id,text\n1,One.\n1,Two.\n")
    assert list(found["text"]) == ["One."] and refused["line"].tolist() == [3] and "second time" in refused["found"][0]


def test_files_of_one_stem_keep_their_endings(tmp_path):
    found, _ = read(tmp_path, a__txt="One.", a__md="Two.")
    assert sorted(found["article_id"]) == ["a.md", "a.txt"]


def test_nothing_readable_is_one_clear_message(tmp_path):
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(tables.TableError, match="Nothing readable in .*x.png: found the ending"):
        corpus.read(tmp_path)


def test_front_matter_of_other_tools(tmp_path):
    found, _ = read(tmp_path, a__md="---\ntitle: A title\ntags:\n  - war\n  - peace\nsummary: >\n  Folded\n  words\ndate: 2023-10-27\n---\nThe text.")
    row = found.iloc[0]
    assert (row["title"], row["date"], row["text"], row["meta_tags"], row["meta_summary"]) == ("A title", pd.Timestamp("2023-10-27"), "The text.", "war peace", "Folded words")


def test_one_bad_row_loses_no_other(tmp_path):
    found, refused = read(tmp_path, a__csv='id,text\n1,One.\n2,"Two" x\n3,Three.\n')
    assert list(found["text"]) == ["One.", "Three."] and refused["line"].tolist() == [3]


def test_the_same_id_in_two_files_is_two_articles(tmp_path):
    found, refused = read(tmp_path, a__csv="id,text\n1,One.\n", b__csv="id,text\n1,Two.\n")
    assert sorted(found["article_id"]) == ["a.csv:1", "b.csv:1"] and refused.empty


def test_ids_do_not_depend_on_other_files(tmp_path):
    alone, _ = read(tmp_path, a__csv="text\nOne.\n")
    beside, _ = read(tmp_path, b__txt="Two.")
    assert set(alone["article_id"]) == {"a.csv:2"} and set(beside["article_id"]) == {"a.csv:2", "b"}


def test_a_folder_around_all_of_a_zip_names_no_outlet(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("corpus/Guardian/a.txt", "One.")
        archive.writestr("corpus/Times/b.txt", "Two.")
    found, _ = read(tmp_path, all__zip=out.getvalue())
    assert sorted(found["outlet"]) == ["Guardian", "Times"]


def test_what_libraries_choke_on_is_refused(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "A text that is long enough to be packed. " * 20)
    damaged = bytearray(out.getvalue())
    damaged[45:60] = b"\xff" * 15
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    found, refused = read(tmp_path, x__zip=bytes(damaged), n__json='[{"text": "One.", "n": ' + "9" * 5000 + "}]", u__csv="url,text\nhttp://[bad,Two.\n", z__txt="\u200b\x00")
    assert set(found["text"]) >= {"Two."} and {"link", "z.txt"} <= set(refused["file"]) and any(f.startswith("x.zip") for f in refused["file"])


def test_one_bad_byte_spoils_no_file():
    assert corpus.decode("Ça c’est naïve – déjà vu, “où” été. ".encode() * 5 + b"\xff") == "Ça c’est naïve – déjà vu, “où” été. " * 5 + "\ufffd"
    assert corpus.decode("Plain text in two bytes.".encode("utf-16-le")) == "Plain text in two bytes."


def test_the_account_adds_up():
    german = "Der Minister sagte am Montag in Berlin, dass die Verhandlungen über den Waffenstillstand noch lange nicht abgeschlossen seien und weiter geführt werden müssten."
    articles = articles_of("One.", german, "Three.", language=["en", "de", None], duplicate_of=[None, None, "a"], outlet=["x", None, "x"])
    mended = pd.DataFrame({"article_id": ["a", "c"], "what": ["mended: apostrophe"] * 2, "n": [2, 3]})
    refused = pd.DataFrame({"file": ["f"], "line": [1], "found": ["no text"], "expected": ["text"]})
    rows = corpus.account(articles_of(*["x"] * 5), refused, articles, mended).set_index("what")
    assert rows["articles"].to_dict() == {
        "articles found": 5, "found no text": 1, "set aside by the topic filter": 2, "apostrophe": 2, "not in English: kept, not scored": 1,
        "too short to tell the language: scored as English": 1, "repeats an earlier article: kept, counted once": 1, "without date": 3, "without outlet": 1, "articles in the table": 3}
    assert rows.at["apostrophe", "n"] == 5


# ---- cleaning -------------------------------------------------------------------------------------------------------------------

def cleaned(text, mends=()):
    articles, counts = corpus.clean(pd.DataFrame({"article_id": ["a"], "title": [None], "text": [text]}), mends=mends)
    return articles["text"][0], dict(zip(counts["what"], counts["n"]))


@pytest.mark.parametrize("damaged, whole", [
    ('"We will go,"?Smith said.', '"We will go," Smith said.'),
    ("They don\"t know; I\"m sure.", "They don't know; I'm sure."),
    ("A U.S.-led force and a U.N.-brokered deal.", "A U.S.-led force and a U.N.-brokered deal."),
    ('He said: "\ufffdOn balance we will."', 'He said: "On balance we will."'),
    ("They didn\"\ufffdt know.", "They didn't know."),
    ("We'r here.", "We're here."),
    ("It ended.- The next day,-they left.", "It ended. The next day, they left."),
    ("Washington (CNN)The president spoke.", "Washington (CNN) The president spoke."),
    ("a state-of-the-art, well-known one-way road -- and more", "a state-of-the-art, well-known one-way road -- and more"),
])
def test_only_certain_damage_is_mended(damaged, whole):
    assert cleaned(damaged, corpus.NEWSARTICLES_MENDS)[0] == whole


def test_uncertain_damage_is_counted_and_left():
    text, counts = cleaned('The Directors"?meeting and Beyonc\ufffd\ufffd sang.', corpus.NEWSARTICLES_MENDS)
    assert text == 'The Directors"?meeting and Beyonc\ufffd\ufffd sang.' and counts == {"damaged character left as it is": 2}


def test_misread_encodings_are_restored_and_curly_quotes_stay():
    assert cleaned("Iranâ€™s ministerâ€”he said “no”.")[0] == "Iran’s minister—he said “no”."


def test_invisible_characters_go_and_are_counted():
    text, counts = cleaned("Gaza\u200b City\u202e\x00 now")
    assert text == "Gaza City now" and counts == {"invisible character removed": 3}


@pytest.mark.parametrize("raw, whole", [
    ("One.\n\n\n  Two.", "One.\n\nTwo."),
    ("A paragraph a line.\nAnother one, and no blank line.", "A paragraph a line.\n\nAnother one, and no blank line."),
    ("This line was cut at a width of forty\nletters, as old mail programs did it with\nevery text.\n\nNext.", "This line was cut at a width of forty letters, as old mail programs did it with every text.\n\nNext."),
    ("Headline\nThe text that follows it is far longer than the line above.\n\nNext.", "Headline\nThe text that follows it is far longer than the line above.\n\nNext."),
])
def test_paragraphs(raw, whole):
    assert cleaned(raw)[0] == whole


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_cleaning_keeps_the_words(text):
    kept = corpus._spaced(text)
    assert kept.split() == text.replace("\u2028", "\n").replace("\u2029", "\n").replace("\x85", "\n").split()


# ---- topic, language, duplicates ------------------------------------------------------------------------------------------------

def test_topic_needs_its_mentions():
    found = pd.DataFrame({"article_id": list("abc"), "title": [None, "Iran", None], "text": ["Iran, Israel and Gaza.", "Iran and Israeli.", "Iran, Iran, Irony."]})
    assert list(corpus.on_topic(found, "middle_east")["article_id"]) == ["a", "b"]


def test_language_is_marked_and_short_texts_are_left_open():
    german = "Der Minister sagte am Montag in Berlin, dass die Verhandlungen über den Waffenstillstand noch lange nicht abgeschlossen seien und weiter geführt werden müssten."
    english = "The minister said on Monday in Berlin that the talks about a truce were far from over and that they would have to go on for some time to come."
    marked = corpus.mark_language(articles_of(german, english, "Kurz.").assign(language=None))
    assert list(marked["language"]) == ["de", "en", None]


def words(seed, n=200):
    return " ".join(f"w{i}" for i in np.random.default_rng(seed).integers(0, 5000, n))


def test_exact_and_near_duplicates_point_to_the_earliest():
    story = words(1)
    edited = story.replace(story.split()[50], "changed")
    dates = pd.to_datetime(["2023-10-28", "2023-10-27", "2023-10-29", "2023-10-27"])
    marked = corpus.mark_duplicates(articles_of(edited, story, story + " " + words(2, 40), words(3), date=dates))
    assert list(marked["duplicate_of"].fillna("-")) == ["b", "-", "b", "-"]


def test_a_copy_of_a_repetition_points_to_the_original():
    story = words(1)
    marked = corpus.mark_duplicates(articles_of(story, story + " " + words(2, 40), story + " " + words(2, 40)))
    assert list(marked["duplicate_of"].fillna("-")) == ["-", "a", "a"]


def test_shared_boilerplate_is_no_duplicate():
    tail = " " + words(9, 40)
    marked = corpus.mark_duplicates(articles_of(*[words(i) + tail for i in range(8)]))
    assert marked["duplicate_of"].isna().all()


def brute_force(articles, containment=0.6):
    """The definition itself: in order, an article repeats the first original with which it shares enough word tuples."""
    sets = [{tuple(w[i:i + 5]) for i in range(len(w) - 4)} for w in (t.lower().split() for t in articles["text"])]
    originals, repeats = [], {}
    for i in range(len(sets)):
        for j in originals:
            small = min(len(sets[i]), len(sets[j]))
            if small >= 16 and len(sets[i] & sets[j]) >= max(containment * small, 0.3 * len(sets[i])):
                repeats[i] = j
                break
        else:
            originals.append(i)
    return repeats


def test_duplicates_agree_with_all_pairs():
    rng, texts = np.random.default_rng(5), []
    for i in range(60):
        if texts and rng.random() < 0.4:
            source = texts[rng.integers(len(texts))].split()
            kept = int(len(source) * rng.uniform(0.3, 1))
            texts.append(" ".join(source[:kept] + words(100 + i, int(rng.integers(1, 150))).split()))
        else:
            texts.append(words(i, int(rng.integers(60, 400))))
    articles = articles_of(*texts).assign(article_id=[str(i) for i in range(60)])
    marked = corpus.mark_duplicates(articles)["duplicate_of"]
    expected = brute_force(articles)
    assert {i for i in range(60) if isinstance(marked[i], str)} == set(expected) and len(expected) > 10


def test_just_as_much_as_is_asked_for_makes_a_repetition():
    story, other = words(1, 104).split(), [f"v{n}" for n in range(104)]     # 100 runs of five words each
    for kept, marked in ((64, "a"), (63, "-")):
        assert corpus.mark_duplicates(articles_of(" ".join(story), " ".join(story[:kept] + other[kept:])))["duplicate_of"].fillna("-").tolist() == ["-", marked]


def test_a_long_article_is_no_repetition_of_a_brief_it_contains():
    brief = words(1, 30)
    assert corpus.mark_duplicates(articles_of(brief, words(2, 400) + " " + brief + " " + words(3, 400)))["duplicate_of"].isna().all()


def test_widely_printed_wire_copy_is_found():
    story = words(1, 300).split()
    copies = [" ".join(story[:i] + ["changed"] + story[i + 1:]) for i in range(0, 240, 4)]
    marked = corpus.mark_duplicates(articles_of(*copies).assign(article_id=[f"c{i:02}" for i in range(60)]))
    assert set(marked["duplicate_of"].dropna()) == {"c00"} and marked["duplicate_of"].notna().sum() == 59


def test_no_chain_of_likeness_forms():
    """c is like b and b like a, but c is not like a: c is an original of its own."""
    a, more = words(1, 100).split(), words(2, 200).split()
    b, c = a[30:] + more[:30], a[65:] + more[:65]
    marked = corpus.mark_duplicates(articles_of(" ".join(a), " ".join(b), " ".join(c)))
    assert list(marked["duplicate_of"].fillna("-")) == ["-", "a", "-"]


def test_duplicate_work_grows_with_the_corpus_not_its_square(monkeypatch):
    def compared(n):
        count = 0
        plain = np.intersect1d

        def counting(*a, **k):
            nonlocal count
            count += 1
            return plain(*a, **k)
        monkeypatch.setattr(np, "intersect1d", counting)
        tail = " " + words(7, 30)
        corpus.mark_duplicates(articles_of(*[words(i) + tail for i in range(n)]).assign(article_id=[str(i) for i in range(n)]))
        monkeypatch.setattr(np, "intersect1d", plain)
        return count
    assert compared(400) <= 2.5 * compared(200) + 10


# ---- the corpora that come with the project -------------------------------------------------------------------------------------

def test_the_retellings():
    found, refused = corpus.read(tables.ROOT / "data" / "retellings")
    articles = corpus.mark_duplicates(corpus.clean(found)[0])
    assert len(articles) == 12 and refused.empty
    assert articles["n_words"].between(180, 300).all() and articles["article_id"].str.contains("constructed_").all()
    originals = articles[articles["duplicate_of"].isna()]
    assert originals.groupby("outlet")["date"].agg(lambda d: sorted(d.dt.strftime("%m-%d"))).to_dict() == {
        style: ["10-27", "11-24"] for style in ("diplomatic", "humanitarian", "markets", "security", "wire")}
    assert set(articles["duplicate_of"].dropna()) == {"wire/constructed_2023-10-27", "wire/constructed_2023-11-24"}


@needs_shared
def test_quotations_in_the_retellings_are_recorded_ones():
    import re
    facts = " ".join((SHARED / "facts" / "interview.md").read_text(encoding="utf-8").replace("’", "'").split())
    found, _ = corpus.read(tables.ROOT / "data" / "retellings")
    quotations = [q.rstrip(",.").replace("’", "'") for text in found["text"] for q in re.findall("“([^”]+)”", text)]
    assert len(quotations) > 30 and [q for q in quotations if q not in facts] == []


@needs_shared
def test_the_seed():
    found, refused = corpus.read(SHARED / "seed")
    articles, _ = corpus.clean(found)
    text = articles["text"][0]
    assert len(articles) == 1 and refused.empty and articles["date"][0] == pd.Timestamp("2023-11-11")
    assert text.count("\n\n") == 6 and text.startswith("Iran’s Foreign Minister") and "date" not in text[:20]


@given(st.lists(st.sets(st.integers(0, 2**63), max_size=60) | st.sets(st.integers(0, 40), max_size=30), min_size=1, max_size=6))
def test_no_two_sets_share_more_than_their_bits_allow(drawn):
    sets = [np.array(sorted(one), dtype="uint64") for one in drawn]
    one, other = (np.array(column) for column in zip(*[(i, j) for i in range(len(sets)) for j in range(len(sets))]))
    shared = np.array([len(drawn[i] & drawn[j]) for i, j in zip(one, other)])
    for bits in (8, 64, 4096):
        most = corpus._most_shared(sets, one, other, bits=bits)
        assert (shared <= most).all() and (most <= np.array([len(drawn[i]) for i in one])).all()
    assert (corpus._most_shared(sets, one, other, bits=4096)[one == other] == shared[one == other]).all()
