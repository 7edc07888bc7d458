"""Sentences and tokens: offsets that give back the text for any input, and the hard cases one by one."""
import pandas as pd
import pytest
from conftest import SHARED, articles_of, needs_shared
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis import corpus, lexicons, tokens


def split(text):
    return [text[start:end] for _, start, end in tokens.sentence_spans(text)]


@pytest.mark.parametrize("sentences", [
    ["The U.S. State Department has acknowledged it.", "Next."],
    ["Mr. Smith met Gen. H. R. McMaster on Jan. 5.", "They left."],
    ["He lives in Washington D.C.", "The court ruled."],
    ["K.C. Maurer said so.", "J. Smith agreed."],
    ["Prices rose 2.5 percent to $3.88.", "Then they fell."],
    ["“It is over,” he said.", "“We go home.”", "She left."],
    ["“Is it over?” he asked.", "Nobody knew."],
    ["She waited ... and then she left.", "He stayed."],
    ["It was … over.", "He left."],
    ["(It was over.)", "He left."],
    ["1. The first point is plain.", "2. The second is not."],
    ["It ended at 5 p.m. on Monday.", "He left."],
    ["Who? Me?"[:4], "Me?"],
    ["“Stop!”", "The crowd ran."],
    ["The deal, signed by No. 10 and Co. Ltd., held.", "It ended."],
])
def test_sentences(sentences):
    assert split(" ".join(sentences)) == sentences


def test_paragraphs_and_line_ends_end_sentences():
    text = "A headline\nThe text goes on. It ends.\n\n \nSecond paragraph"
    assert [(p, text[s:e]) for p, s, e in tokens.sentence_spans(text)] == [
        (0, "A headline"), (0, "The text goes on."), (0, "It ends."), (1, "Second paragraph")]


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=300))
@example("“" * 50)
@example("a. " * 50)
@example("\n\n\n")
@example("'' `` \" “ ” ''")
def test_spans_give_back_any_text(text):
    spans = tokens.sentence_spans(text)
    assert all(a[2] <= b[1] for a, b in zip(spans, spans[1:]))
    assert "".join("".join(text[s:e].split()) for _, s, e in spans) == "".join(text.split())
    assert all(text[s:e] == text[s:e].strip() != "" for _, s, e in spans)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=200))
@example("He said \"no\" and ''yes'' and ``maybe'' “so”.")
@example("can’t won't Iran’s «guillemets» ‘single’ cannot gonna")
def test_tokens_give_back_any_text(text):
    spans = tokens.token_spans(text)
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:]))
    assert "".join("".join(text[s:e].split()) for s, e in spans) == "".join(text.split())


@pytest.mark.parametrize("text, expected", [
    ("Iran’s can't “go”.", ["Iran", "’s", "ca", "n't", "“", "go", "”", "."]),
    ("$3.5bn, i.e. 2,000 (two)", ["$", "3.5bn", ",", "i.e", ".", "2,000", "(", "two", ")"]),
    ("The Hamas-run strip—closed.", ["The", "Hamas-run", "strip", "—", "closed", "."]),
])
def test_tokens(text, expected):
    found = [text[s:e] for s, e in tokens.token_spans(text)]
    assert found == expected or found == [t for t in expected if t != "."] or "i.e." in found


def test_sentences_of_odd_tables():
    """A capital that is no letter begins no sentence; ids that are numbers become texts; an empty table gives one; a body that is none is an error."""
    assert split("He went home. Ⓐ.") == ["He went home. Ⓐ."]
    articles = pd.DataFrame({"article_id": [1, 2], "title": [None, float("nan")], "text": ["It rained. It poured.", "So?"]})
    assert tokens.split_sentences(articles)[["article_id", "sentence_id"]].values.tolist() == [["1", 0], ["1", 1], ["2", 0]]
    assert list(tokens.split_sentences(pd.DataFrame({"article_id": [], "title": [], "text": []}))) == list(tokens.split_sentences(articles))
    with pytest.raises(TypeError):
        tokens.split_sentences(articles.assign(text=None))


def test_titles_come_first_and_positions_start_at_zero():
    articles = articles_of("The text. It ends.", title=["A headline"])
    sentences = tokens.split_sentences(articles)
    assert list(sentences[["sentence_id", "part", "text"]].itertuples(index=False, name=None)) == [(0, "title", "A headline"), (1, "body", "The text."), (2, "body", "It ends.")]
    words = tokens.split_tokens(sentences)
    assert list(words.groupby("sentence_id")["position"].min()) == [0, 0, 0]
    assert [articles["text"][0][s:e] for s, e in zip(words["start"], words["end"])][2:] == ["The", "text", ".", "It", "ends", "."]


def test_tags_are_the_bundled_taggers():
    from textblob.en import tag
    words = tokens.split_tokens(tokens.split_sentences(articles_of("The minister’s deputy quickly left and/or denied 3 claims.")))
    expected = [pos for _, pos in tag("The minister 's deputy quickly left and/or denied 3 claims .", tokenize=False)]
    assert list(words["pos"]) == expected and expected[:3] == ["DT", "NN", "POS"]


@given(st.lists(st.text(alphabet="ab.é“” \u00a0\u2003\u3000\x85\x1c\x1f\t\n\r\x0b\U0001F600漢\u200b\ufeff\x00\xff", max_size=12), max_size=6))
def test_texts_are_cut_at_blanks_with_their_places(texts):
    distinct, number, place, many = tokens.chunked(tuple(texts))
    chunks = iter(zip((distinct[n] for n in number.tolist()), place.tolist()))
    for text, n in zip(texts, many.tolist(), strict=True):
        found = [next(chunks) for _ in range(n)]
        assert [chunk for chunk, _ in found] == text.split() and all(text[at:at + len(chunk)] == chunk for chunk, at in found)
        assert [at for _, at in found] == [i for i in range(len(text)) if not text[i].isspace() and (i == 0 or text[i - 1].isspace())]
    assert next(chunks, None) is None and len(set(distinct)) == len(distinct)


def test_the_words_of_made_tokens_are_those_read_anew():
    sentences = tokens.split_sentences(articles_of("“Don’t go,” she said. Don't they?", "DON’T. 1,000 m."))
    words = tokens.split_tokens(sentences)
    made, read = lexicons.types(words), lexicons.types(words.assign(token=pd.array(words["token"].tolist(), dtype="str")))
    assert made is not read and [made.printed[n] for n in made.codes] == [read.printed[n] for n in read.codes] == words["token"].tolist()
    assert [made.words[n] for n in made.folded] == [read.words[n] for n in read.folded] and set(read.words) <= set(made.words)


def test_tokens_without_tags_are_the_same_tokens():
    sentences = tokens.split_sentences(articles_of("Lund’s party (the largest) didn't agree. It left!"))
    pd.testing.assert_frame_equal(tokens.split_tokens(sentences, tags=False), tokens.split_tokens(sentences).drop(columns="pos"))


@needs_shared
def test_the_seed_has_21_sentences():
    articles, _ = corpus.clean(corpus.read(SHARED / "seed")[0])
    sentences = tokens.split_sentences(articles)
    assert len(sentences) == 21 and sentences["paragraph"].nunique() == 7
    assert any(t.startswith("The U.S. State Department has acknowledged") and t.endswith(".") for t in sentences["text"])


@needs_shared
def test_sentence_spans_on_gum_news():
    gold = pd.read_csv(SHARED / "gold" / "gum_news" / "sentences.csv")
    right = mine = theirs = 0
    for path in sorted((SHARED / "gold" / "gum_news" / "articles").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        text = text[corpus.HEADER.match(text).end():]
        spans = {(s, e) for _, s, e in tokens.sentence_spans(text)}
        wanted = set(gold.loc[gold["article_id"] == path.stem, ["start", "end"]].itertuples(index=False, name=None))
        right, mine, theirs = right + len(spans & wanted), mine + len(spans), theirs + len(wanted)
    f1 = 2 * right / (mine + theirs)
    print(f"sentence spans on gum_news: P {right / mine:.3f} R {right / theirs:.3f} F1 {f1:.3f}")
    assert f1 >= 0.93
