"""Who speaks: one made-up sentence per construction, then properties that hold for any text."""
import hashlib
import json
import re

import pandas as pd
import pytest
from conftest import SHARED, articles_of, needs_shared
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis import corpus, tables, tokens, voices


def segments_of(*texts):
    articles = articles_of(*texts)
    sentences = tokens.split_sentences(articles)
    return articles, sentences, voices.find_voices(articles, sentences, tokens.split_tokens(sentences))


def marked(text):
    """The text with its attributed stretches in brackets, and their speakers in order."""
    articles, _, segments = segments_of(text)
    body, out, at = articles["text"][0], "", 0
    for s in segments.itertuples():
        piece = body[s.start:s.end]
        out += body[at:s.start]
        if s.voice == "own":
            out += piece
        else:
            marks = "[]" if s.voice == "indirect" else "“”"
            out += marks[0] + re.sub("[“”]", "", piece.strip()) + marks[1] + piece[len(piece.rstrip()):]
        at = s.end
    return out, [s.speaker if isinstance(s.speaker, str) else None for s in segments.itertuples() if s.voice != "own"]


CONSTRUCTIONS = [
    # cue before, behind and inside the content
    ("Anna Lund said that the ferry was late.", "Anna Lund said [that the ferry was late.]", ["Anna Lund"]),
    ("Anna Lund said the ferry was late.", "Anna Lund said [the ferry was late.]", ["Anna Lund"]),
    ("The ferry was late, Anna Lund said.", "[The ferry was late,] Anna Lund said.", ["Anna Lund"]),
    ("The ferry, Anna Lund said, was late.", "[The ferry,] Anna Lund said, [was late.]", ["Anna Lund", "Anna Lund"]),
    ("Anna Lund said on Monday that the ferry was late.", "Anna Lund said on Monday [that the ferry was late.]", ["Anna Lund"]),
    ("Anna Lund told reporters that the ferry was late.", "Anna Lund told reporters [that the ferry was late.]", ["Anna Lund"]),
    ("Anna Lund told the paper in Oslo that the ferry was late.", "Anna Lund told the paper in Oslo [that the ferry was late.]", ["Anna Lund"]),
    ("Anna Lund on Monday said the ferry was late.", "Anna Lund on Monday said [the ferry was late.]", ["Anna Lund"]),
    ("In an interview, Anna Lund said that the ferry was late.", "In an interview, Anna Lund said [that the ferry was late.]", ["Anna Lund"]),
    # quotations
    ("“The ferry was late,” Anna Lund said.", "“The ferry was late,” Anna Lund said.", ["Anna Lund"]),
    ("“The ferry was late,” said Anna Lund, a captain.", "“The ferry was late,” said Anna Lund, a captain.", ["Anna Lund"]),
    ("Anna Lund said: “The ferry was late.”", "Anna Lund said: “The ferry was late.”", ["Anna Lund"]),
    ("“The ferry,” Anna Lund said, “was late again.”", "“The ferry,” Anna Lund said, “was late again.”", ["Anna Lund", "Anna Lund"]),
    ("Anna Lund said that the ferry was “a floating ruin”.", "Anna Lund said [that the ferry was] “a floating ruin.”", ["Anna Lund", "Anna Lund"]),
    ("“The ferry was late,” Anna Lund said. “It will be late again.”", "“The ferry was late,” Anna Lund said. “It will be late again.”", ["Anna Lund", "Anna Lund"]),
    ("The so-called “summer fleet” is old.", "The so-called “summer fleet” is old.", []),
    ("Anna Lund said in order to save the ferry, the owners must pay.", "Anna Lund said [in order to save the ferry, the owners must pay.]", ["Anna Lund"]),
    ("Anna Lund said they “deeply regret” it.", "Anna Lund said [they] “deeply regret” [it.]", ["Anna Lund"] * 3),
    ("The owners left, Anna Lund of the union said.", "[The owners left,] Anna Lund of the union said.", ["Anna Lund"]),
    ("Anna Lund, who leads the union in Oslo, Norway, said the ferry was late.", "Anna Lund, who leads the union in Oslo, Norway, said [the ferry was late.]", ["Anna Lund"]),
    ("The two ports plan to test a ferry without a crew, the ministry in Oslo said Wednesday.", "[The two ports plan to test a ferry without a crew,] the ministry in Oslo said Wednesday.", ["ministry in Oslo"]),
    ("Anna Lund branded the offer “absurd.”", "Anna Lund branded [the offer] “absurd.”", ["Anna Lund"] * 2),
    # sources
    ("According to Anna Lund, the ferry was late.", "According to Anna Lund, [the ferry was late.]", ["Anna Lund"]),
    ("The ferry was late, according to the harbour office.", "[The ferry was late,] according to the harbour office.", ["harbour office"]),
    ("In the words of Anna Lund, the ferry was a ruin.", "In the words of Anna Lund, [the ferry was a ruin.]", ["Anna Lund"]),
    ("The law states that ferries carry boats.", "The law states [that ferries carry boats.]", ["law"]),
    ("As Anna Lund told the paper, the ferry was late.", "As Anna Lund told the paper, [the ferry was late.]", ["Anna Lund"]),
    # nouns
    ("Anna Lund’s claim that the ferry was late surprised nobody.", "Anna Lund’s claim [that the ferry was late] surprised nobody.", ["Anna Lund"]),
    ("The court heard Anna Lund’s warning that the ferry would sink.", "The court heard Anna Lund’s warning [that the ferry would sink.]", ["Anna Lund"]),
    ("Anna Lund used the interview to say that the ferry was late.", "Anna Lund used the interview to say [that the ferry was late.]", ["Anna Lund"]),
    # participles and chains
    ("Anna Lund said that the ferry was late, adding that it would sink.", "Anna Lund said [that the ferry was late,] adding [that it would sink.]", ["Anna Lund", "Anna Lund"]),
    ("Anna Lund met the crew. She added that the ferry was late.", "Anna Lund met the crew. She added [that the ferry was late.]", ["Anna Lund"]),
    ("Anna Lund said that the ferry was late and warned that it would sink.", "Anna Lund said [that the ferry was late] and warned [that it would sink.]", ["Anna Lund", "Anna Lund"]),
    ("Anna Lund said that the ferry was late, but Mia Holm insisted that it was early.", "Anna Lund said [that the ferry was late,] but Mia Holm insisted [that it was early.]", ["Anna Lund", "Mia Holm"]),
    # verbs whose object is the content
    ("Anna Lund urged the owners to repair the ferry.", "Anna Lund urged [the owners to repair the ferry.]", ["Anna Lund"]),
    ("Anna Lund accused the owners of hiding the damage.", "Anna Lund accused [the owners of hiding the damage.]", ["Anna Lund"]),
    ("Anna Lund called the offer an insult.", "Anna Lund called [the offer an insult.]", ["Anna Lund"]),
    ("Anna Lund described the ferry as a ruin.", "Anna Lund described [the ferry as a ruin.]", ["Anna Lund"]),
    ("The owners denied hiding the damage.", "The owners denied [hiding the damage.]", ["owners"]),
    ("The union called for a strike.", "The union called for [a strike.]", ["union"]),
    ("Anna Lund promised during the strike to pay.", "Anna Lund promised during the strike [to pay.]", ["Anna Lund"]),
    ("Anna Lund left, describing the offer a “bad joke”.", "Anna Lund left, describing [the offer a] “bad joke.”", ["Anna Lund"] * 2),
    ("It is believed the ferry was late.", "It is believed [the ferry was late.]", [None]),
    ("The union vowed to fight.", "The union vowed [to fight.]", ["union"]),
    ("The damage was described by Anna Lund as grave.", "[The damage] was described by Anna Lund [as grave.]", ["Anna Lund", "Anna Lund"]),
    # thoughts
    ("Anna Lund believes that the ferry will sink.", "Anna Lund believes [that the ferry will sink.]", ["Anna Lund"]),
    ("Many sailors fear the ferry will sink.", "Many sailors fear [the ferry will sink.]", ["sailors"]),
    # questions
    ("Asked whether the ferry was late, Anna Lund replied that it was.", "Asked [whether the ferry was late,] Anna Lund replied [that it was.]", [None, "Anna Lund"]),
    # not speech
    ("The deal says much about the owners.", "The deal says much about the owners.", []),
    ("Stocks added 2 % on Monday.", "Stocks added 2 % on Monday.", []),
    ("Anna Lund did not say that the ferry was late.", "Anna Lund did not say that the ferry was late.", []),
    ("Anna Lund declined to say whether the ferry was late.", "Anna Lund declined to say whether the ferry was late.", []),
    ("A call is not yet a strike.", "A call is not yet a strike.", []),
]


@pytest.mark.parametrize("text, expected, speakers", CONSTRUCTIONS, ids=[t for t, *_ in CONSTRUCTIONS])
def test_constructions(text, expected, speakers):
    assert marked(text) == (expected, speakers)


NAMES = {"Anna Lund": "Hossein Rahimi", "Lund": "Rahimi", "Mia Holm": "Mary Okafor"}


@pytest.mark.parametrize("text, expected, speakers", CONSTRUCTIONS, ids=[t for t, *_ in CONSTRUCTIONS])
def test_other_names_change_nothing(text, expected, speakers):
    def swap(value):
        for old, new in NAMES.items():
            value = value and value.replace(old, new)
        return value
    assert marked(swap(text)) == (swap(expected), [swap(s) for s in speakers])


@pytest.mark.parametrize("text, speakers", [
    ("The foreign minister, Ann Lee, met the press. “It is over,” the minister said.", ["Ann Lee"]),
    ("Ann Lee, the defence secretary, met the prime minister. “It is over,” Lee said. The secretary added that she was glad.", ["Ann Lee", "Ann Lee"]),
    ("Prime Minister Jo Berg met Foreign Minister Ann Lee. The foreign minister said that it was over. The prime minister said that it was not.", ["Ann Lee", "Jo Berg"]),
    ("Officials in the ministry said it was over. They said it was good.", ["officials in the ministry", "officials in the ministry"]),
    ("The State Department said it was over.", ["State Department"]),
    ("The Department of Justice said it was over.", ["Department of Justice"]),
    ("Senator Ann Lee of Ohio said it was over. Lee said it was good.", ["Ann Lee", "Ann Lee"]),
    ("Mr Berg met Mrs Lee. She said that it was over. He said that it was not.", ["Lee", "Berg"]),
    ("It was said that it was over.", [None]),
    ("Mrs Anna Lee met Mr Jo Berg. Anna Lee said that it was over. He said that it was not.", ["Anna Lee", "Jo Berg"]),
])
def test_speakers_are_one_person_under_many_names(text, speakers):
    assert marked(text)[1] == speakers


@pytest.mark.parametrize("text, quoted", [
    ("“One two three,” he said. “Four.”", ["“One two three,”", "“Four.”"]),
    ('"One two three," he said. "Four."', ['"One two three,"', '"Four."']),
    ("«One two three», he said.", ["«One two three»"]),
    ("‘One two three,’ he said of the workers’ rights.", ["‘One two three,’"]),
    ("He said 'one two three' and left the workers' hall.", ["'one two three'"]),
    ("“One ‘two’ three,” he said.", ["“One ‘two’ three,”"]),
    ("“One two three. Four five.\n\nNext paragraph.", ["“One two three."]),
    ("“One two. Three.\n\n“Four five,” he said.", ["“One two. Three.", "“Four five,”"]),
])
def test_quotations(text, quoted):
    assert [text[a:b] for a, b in voices.quotations(text)] == quoted


@pytest.mark.parametrize("again", ["The crowd cheered Ann Lee, the lawyer.", "The crowd cheered lawyer Ann Lee."])
def test_a_name_met_before_may_be_told_its_office_later(again):
    assert marked(f"Ann Lee arrived. {again} The lawyer said that the ferry was late.")[1] == ["Ann Lee"]


def test_stance_is_the_cues():
    _, _, segments = segments_of("Lee said it was over. Lee claimed it was over. Lee acknowledged it was over. Lee warned that it was over.")
    assert list(segments.loc[segments["voice"] != "own", "stance"]) == ["neutral", "distancing", "endorsing", "speech_act"]


def test_every_cue_has_its_reason_and_a_known_stance():
    cues = voices.read_cues()
    assert cues["reason"].str.len().gt(15).all() and not cues.duplicated(["cue", "kind"]).any()
    known = {"clause", "that", "whether", "quote", "object", "number", "to", "whom", "whom:of", "whom:to", "whom:as", "whom:at", "whom:for", "hearer", "loose", "thought", "ing", "of"}
    assert {f for frames in cues["frames"] for f in frames.split()} <= known


def test_a_wrong_table_of_cues_is_refused(tmp_path):
    (tmp_path / "cues.csv").write_text("cue,kind,frames,stance,forms,reason\nsay,verb,clause,angry,,x\n", encoding="utf-8")
    with pytest.raises(ValueError, match="cue “say” has kind verb and stance angry"):
        voices.read_cues(tmp_path / "cues.csv")


def tiles(articles, sentences, segments):
    body = dict(zip(articles["article_id"], articles["text"]))
    whole = segments.groupby(["article_id", "sentence_id"])
    assert len(whole) == len(sentences)
    for s in sentences.itertuples():
        part = whole.get_group((s.article_id, s.sentence_id))
        assert part["start"].iloc[0] == s.start and part["end"].iloc[-1] == s.end and list(part["start"])[1:] == list(part["end"])[:-1]
        assert "".join(body[s.article_id][a:b] for a, b in zip(part["start"], part["end"])) == s.text
    tables.check("segments", segments)


PIECES = st.sampled_from(["“", "”", '"', "‘", "’", "'", " said ", "Anna Lund", "that ", ", ", ". ", "\n\n", "according to", " he ", "told", " not ", "IT WAS ", "the ferry was late", "claim", "urged", " to ", "\n", "«", "»", ":", "who"])


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=40).map("".join).filter(lambda t: t.strip()))
@example("“" + "the ferry was late. " * 30)
@example("\"" * 500)
@example("“”" * 300)
@example("THE MINISTER SAID THAT IT WAS OVER. “IT IS,” HE SAID.")
@example("“The ferry\nwas late,” said\nAnna Lund.")
@example("said said said that that “said”")
def test_segments_tile_any_text(text):
    tiles(*segments_of(text))


def test_ten_thousand_marks_are_read():
    articles, sentences, segments = segments_of("“ " * 10000)
    tiles(articles, sentences, segments)


def test_removing_a_quotation_leaves_the_outlets_own_words():
    with_it = segments_of("The ferry sank. “It was a horrible, evil ship,” Anna Lund said. Nobody was hurt.")
    own = [with_it[0]["text"][0][s.start:s.end].strip() for s in with_it[2].itertuples() if s.voice == "own"]
    assert own == ["The ferry sank.", "Anna Lund said.", "Nobody was hurt."]


def test_the_retellings_tile():
    articles, _ = corpus.clean(corpus.read(tables.ROOT / "data" / "retellings")[0])
    sentences = tokens.split_sentences(articles)
    tiles(articles, sentences, voices.find_voices(articles, sentences, tokens.split_tokens(sentences)))


SEED = {0: "Hossein Amir-Abdollahian", 1: "Hossein Amir-Abdollahian", 2: "Hossein Amir-Abdollahian", 5: "U.S. State Department", 7: "health officials in the Hamas-controlled Gaza Strip",
        8: "Israel", 9: "Hossein Amir-Abdollahian", 11: "Iran", 12: "Iranian government", 14: "Hossein Amir-Abdollahian", 15: "Hossein Amir-Abdollahian", 16: "Hossein Amir-Abdollahian",
        17: "Hossein Amir-Abdollahian", 18: "Hossein Amir-Abdollahian"}  # sentences in which somebody is reported, and who


def seed_speakers(change=lambda text: text):
    articles, _ = corpus.clean(corpus.read(SHARED / "seed")[0])
    _, _, segments = segments_of(change(articles["text"][0]))
    heard = segments[segments["voice"] != "own"]
    return heard.groupby("sentence_id")["speaker"].agg(set).to_dict()


@needs_shared
def test_the_seed_is_read_right_but_for_two_sentences_at_most():
    found = seed_speakers()
    wrong = [i for i in range(21) if {str(s).lower() for s in found.get(i, ())} != ({SEED[i].lower()} if i in SEED else set())]
    print("sentences of the seed read wrong:", wrong)
    assert len(wrong) <= 2


@needs_shared
def test_the_seed_with_other_names_is_read_the_same():
    swaps = [("Hossein Amir-Abdollahian", "Ingrid Solberg"), ("Amir-Abdollahian", "Solberg"), ("Iranian", "Norwegian"), ("Iran", "Norway"), ("Israeli", "Finnish"), ("Israel", "Finland"),
             ("Palestinians", "Swedes"), ("Palestinian", "Swedish"), ("Hamas", "Valdor"), (" he ", " she "), ("He ", "She "), ("Benjamin Netanyahu", "Pekka Virtanen"), ("Netanyahu", "Virtanen")]

    def change(text):
        for old, new in swaps:
            text = text.replace(old, new)
        return text
    expected = {i: {change(s) for s in speakers} for i, speakers in seed_speakers().items()}
    assert seed_speakers(change) == expected


def test_places_belong_to_the_segment_they_begin_in():
    import pandas as pd
    articles, sentences, segments = segments_of("“It is over,” Anna Lund said.", "Nobody spoke.")
    words = tokens.split_tokens(sentences)
    expected = [next(s.voice for s in segments.itertuples() if (s.article_id, s.sentence_id) == (w.article_id, w.sentence_id) and s.start <= w.start < s.end) for w in words.itertuples()]
    found = voices.voice_of(words.sample(frac=1, random_state=1), segments).sort_index()
    assert list(found) == expected and set(expected) == {"own", "direct"}
    assert len(voices.voice_of(pd.DataFrame(columns=["article_id", "sentence_id", "start"]), segments)) == 0


def test_the_comparison_with_reference_codes_is_arithmetic():
    """Ten words: the machine attributes the last 4 of sentence 0 and nothing else; the reference the last 2 of it and all 3 of sentence 1."""
    import pandas as pd
    words = pd.DataFrame({"article_id": "a", "sentence_id": [0] * 7 + [1] * 3, "start": range(10), "end": range(1, 11)})

    def table(*rows):
        return pd.DataFrame([("a", *row) for row in rows], columns=["article_id", "sentence_id", "start", "end", "voice", "speaker"])
    mine = table((0, 0, 3, "own", None), (0, 3, 7, "indirect", "Lund"), (1, 7, 10, "own", None))
    units = pd.DataFrame({"unit_id": ["u0", "u1"], "article_id": "a", "sentence_id": [0, 1]})
    parts = [[{"start": 0, "end": 5, "voice": "own", "speaker": None}, {"start": 5, "end": 6, "voice": "direct", "speaker": "Anna Lund"}, {"start": 6, "end": 7, "voice": "direct", "speaker": "Mia Holm"}],
             [{"start": 7, "end": 10, "voice": "indirect", "speaker": None}]]
    codes = pd.DataFrame({"unit_id": ["u0", "u1"], "variable": "segments", "value": [json.dumps(p) for p in parts]})
    rows = voices.compare(mine, units, codes, words).set_index("measure")
    assert tuple(rows.loc["attributed words"]) == (2 / 4, 2 / 5, 2 * 2 / (4 + 5), 5)
    assert tuple(rows.loc["attributed sentences"]) == (1 / 1, 1 / 2, 2 * 1 / (1 + 2), 2)
    assert rows.at["speaker of attributed words", "f1"] == 1 / 2 and rows.at["speaker of attributed words", "n"] == 2


def test_the_closed_half_is_told_by_the_hash_of_the_id():
    ids = [f"article {i}" for i in range(64)]
    assert [voices.held_out(i) for i in ids] == [hashlib.sha256(i.encode()).hexdigest()[0] in "89abcdef" for i in ids]


def test_the_reference_codes_fit_the_texts():
    import pandas as pd
    folder = tables.ROOT / "data" / "coded" / "retellings"
    units, codes = pd.read_csv(folder / "units.csv"), pd.read_csv(folder / "codes.csv")
    articles, _ = corpus.clean(corpus.read(tables.ROOT / "data" / "retellings")[0])
    texts = dict(zip(articles["article_id"], articles["text"]))
    assert all(texts[u.article_id][u.start:u.end] == u.text for u in units.itertuples())
    assert set(codes["unit_id"]) == set(units["unit_id"]) and all(json.loads(v) for v in codes.loc[codes["variable"] == "segments", "value"])
    assert re.search("never to be called", (folder / "GUIDELINE.md").read_text(encoding="utf-8"))


def test_the_frames_codes_cover_the_sentences_of_the_originals():
    from analysis import coding, framing
    folder = tables.ROOT / "data" / "coded" / "retellings"
    units, codes = coding.read_coded(folder)
    sentences = tokens.split_sentences(corpus.clean(corpus.read(tables.ROOT / "data" / "retellings")[0])[0])
    originals = sentences[~sentences["article_id"].str.contains("republished")]
    coded = units[units["unit_id"].isin(codes.loc[codes["variable"].str.startswith("generic_frames:"), "unit_id"])]
    keys = ["article_id", "sentence_id", "text"]
    assert sorted(zip(*(coded[k].astype("str") for k in keys))) == sorted(zip(*(originals[k].astype("str") for k in keys)))
    book = next(b for b in framing.read_codebooks() if b.name == "generic_frames")
    frames = codes[codes["variable"].str.startswith("generic_frames:")]
    expected = {(u, c, f"generic_frames:{v}") for u in coded["unit_id"] for c in ("author_1", "author_2") for v in book.variables}
    assert set(zip(frames["unit_id"], frames["coder"], frames["variable"])) == expected and len(frames) == len(expected) == 137 * 2 * 5
    assert set(frames["value"]) == {"0", "1"}
    assert hashlib.sha256("\n".join(coded["text"]).encode()).hexdigest() == "1bdea7e41f0ebbbddd101d0b83728c46a6c199a9bb2ea1083f18267db799bd9c", "a text was changed after it was coded: code its sentences again"


def test_codings_beside_their_voices():
    articles = articles_of("“It is a bad ship,” Anna Lund said on the pier. It rained.")
    sentences = tokens.split_sentences(articles)
    segments = voices.find_voices(articles, sentences, tokens.split_tokens(sentences))
    codings = segments[["article_id", "sentence_id", "segment_id"]].assign(value=1.0)
    assert voices.beside(codings, segments, sentences)["voice"].tolist() == ["direct", "own", "own"]
    assert voices.beside(codings, segments, sentences, fewest=4)["speaker"].tolist()[0] == "Anna Lund" and len(voices.beside(codings, segments, sentences, fewest=4)) == 2
    assert voices.beside(codings.assign(segment_id=pd.NA), segments, sentences).empty
    titled = articles_of("It rained.", title=["It was a bad day."])
    both = tokens.split_sentences(titled)
    parts = voices.find_voices(titled, both, tokens.split_tokens(both))
    scored = parts[["article_id", "sentence_id", "segment_id"]].assign(value=1.0)
    assert voices.beside(scored, parts, both)["sentence_id"].tolist() == [1] and voices.beside(scored, parts, both, part="title", fewest=5)["sentence_id"].tolist() == [0]
    assert voices.beside(scored, parts, both, part="title", fewest=6).empty


def test_who_spoke_is_meant_before_whom_the_same_sentence_is_about():
    articles = articles_of("Ann Lee and Bob Kim met. Kim slept, Lee said. “It rained all night in the whole town,” she said.")
    sentences = tokens.split_sentences(articles)
    found = voices.find_voices(articles, sentences, tokens.split_tokens(sentences))
    assert found.loc[found["voice"] == "direct", "speaker"].tolist() == ["Ann Lee"]


def test_an_office_without_a_name_is_the_one_person_who_speaks_by_name():
    def speakers_of(text):
        articles = articles_of(text)
        sentences = tokens.split_sentences(articles)
        return voices.find_voices(articles, sentences, tokens.split_tokens(sentences))["speaker"].dropna().tolist()
    assert speakers_of("The minister said it rained. Ann Lee said it snowed.") == ["Ann Lee", "Ann Lee"]
    assert speakers_of("The minister said it rained. Ann Lee said it snowed. Bob Kim said it froze.") == ["minister", "Ann Lee", "Bob Kim"]


@pytest.mark.parametrize("met", ["The economist, Ann Lee, left.", "Ann Lee, the new and very popular economist, left."])
def test_an_office_beside_a_comma_is_his_who_stands_beyond_it(met):
    assert segments_of(met + " The economist said it was over.")[2]["speaker"].dropna().tolist() == ["Ann Lee"]
