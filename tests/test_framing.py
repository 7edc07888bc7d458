"""Codebooks: what they refuse, how each kind of indicator fires, how rules and articles add up; arithmetic on sentences that stand here."""
import json
import textwrap

import numpy as np
import pandas as pd
import pytest
from conftest import articles_of
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import agency, framing, lexicons, sentiment, tables, tokens, voices

HEAD = 'codebook: mine\ntitle: "Mine"\nafter: "Nobody (2026)"\n'


def book_of(tmp_path, indicators, rule, *, more="", name="mine.yaml"):
    path = tmp_path / name
    path.write_text(HEAD + more + "variables:\n  v:\n    definition: \"d\"\n    question: \"q\"\n    indicators:\n" + textwrap.indent(textwrap.dedent(indicators), " " * 6) + f"    rule: {rule}\n", encoding="utf-8")
    return framing.read_codebook(path)


def coded(book, *texts, whole=True, **columns):
    """(articles, frames) of some texts by one codebook; with `whole` the sentences only."""
    articles = articles_of(*texts, **columns)
    sentences = tokens.split_sentences(articles)
    words = tokens.split_tokens(sentences)
    segments = voices.find_voices(articles, sentences, words)
    frames = framing.code_frames(sentences, words, articles, [book], segments, agency.find_acts(sentences, words, agency.read_actors(), segments))
    with pytest.MonkeyPatch.context() as changed:                   # one sentence at a time is the same as all at once
        changed.setattr(framing, "AT_ONCE", 1)
        few = framing.code_frames(sentences, words, articles, [book], segments, agency.find_acts(sentences, words, agency.read_actors(), segments), categories=True)
    assert tables.check("frames", frames).equals(tables.check("frames", few))
    return articles, frames[frames["segment_id"].isna()].reset_index(drop=True) if whole else frames.merge(segments, on=["article_id", "sentence_id", "segment_id"], how="left")


def fired(book, text):
    """[(term, indicator, the text at its place), …] of one sentence, and its value."""
    _, frames = coded(book, text)
    return [(term, name, text[a:b]) for term, a, b, name in json.loads(frames["evidence"].iloc[0])], frames["value"].iloc[0]


TERMS = 'a: {reason: r, terms: [war, "clash* with", "refus* ... to talk", "new york"], except: ["war on drugs", "new york times"]}\n'


@pytest.mark.parametrize("text, found", [
    ("The war went on.", ["war"]), ("The war on drugs went on.", []), ("Police clashed with the crowd.", ["clash* with"]), ("They refused again and again to talk.", ["refus* ... to talk"]),
    ("They refused, he said on that day, to talk.", []), ("He reads the New York Times in New York.", ["new york"]), ("Warm days.", [])])
def test_terms_and_their_exceptions(tmp_path, text, found):
    assert [term for term, *_ in fired(book_of(tmp_path, TERMS, "a"), text)[0]] == found


def test_a_sentence_of_one_voice_and_its_segment_have_the_same_codes(tmp_path):
    texts = "Talks failed. The war went on. “We hate the war,” Lund said after the war.", "Nobody spoke of war."
    whole, parts = (coded(book_of(tmp_path, TERMS, "a"), *texts, whole=whole)[1].astype({"evidence": "str"}) for whole in (True, False))
    both = whole.merge(parts.dropna(subset=["segment_id"]), on=["article_id", "sentence_id", "variable"], suffixes=("", "_part"))
    assert both["value_part"].tolist() == [0, 1, 1, 1, 1] and both["value"].tolist() == [0, 1, 2, 2, 1]
    alone = both[~both.duplicated(["article_id", "sentence_id"], keep=False)]
    assert len(alone) == 3 and (alone["evidence"] == alone["evidence_part"]).all() and (alone["value"] == alone["value_part"]).all()


def test_labels_call_somebody_something(tmp_path):
    book = book_of(tmp_path, 'a: {reason: r, labels: {terms: [militant*, terrorist*, fire], roles: [armed movement]}}\n', "a")
    assert [t for t, *_ in fired(book, "Hamas militants crossed the fence.")[0]] == ["militant*"]
    assert [t for t, *_ in fired(book, "Hamas is a terrorist organisation.")[0]] == ["terrorist*"]
    assert fired(book, "The militants crossed the fence, and on that day the Israeli army saw Hamas.")[0] == [], "in one phrase with the actor only"
    assert fired(book, "They fire at Hamas.")[0] == [], "a verb is no label"


def test_labels_do_not_reach_into_another_sentence(tmp_path):
    book = book_of(tmp_path, 'a: {reason: r, labels: {terms: [terrorist*], roles: [armed movement]}}\n', "a")
    articles = articles_of("Nothing.", "Nothing.", title=["Police spoke to Hamas", "Terrorist attack in Oslo"])
    sentences = tokens.split_sentences(articles)
    words = tokens.split_tokens(sentences)
    segments = voices.find_voices(articles, sentences, words)
    assert framing.code_frames(sentences, words, articles, [book], segments, agency.find_acts(sentences, words, agency.read_actors(), segments))["value"].eq(0).all()


def test_a_year_or_a_day_counts_nobody(tmp_path):
    dead = book_of(tmp_path, "a: {reason: r, numbers: [dead]}\n", "a")
    for text in ("The poet died in 2017.", "He died on May 3.", "Shares worth $5 changed lives."):
        assert fired(dead, text)[1] == 0, text
    assert fired(dead, "Some 20 died.")[1] == 1 and fired(dead, "Rain fell. Lives changed.")[1] == 0


def test_actors_stances_voices_numbers_and_constructions(tmp_path):
    two = book_of(tmp_path, "a: {reason: r, actors: {roles: [state], at_least: 2}}\n", "a", name="two.yaml")
    assert fired(two, "Iran and Israel met.")[1] == 2 and fired(two, "Iran met Iran.")[1] == 0 and fired(two, "Iran met Hamas.")[1] == 0
    stance = book_of(tmp_path, "a: {reason: r, stance: [distancing]}\n", "a", name="stance.yaml")
    assert fired(stance, "Lund claimed that it rained.")[1] == 1 and fired(stance, "Lund said that it rained.")[1] == 0
    quoted = book_of(tmp_path, "a: {reason: r, voice: [direct]}\n", "a", name="quoted.yaml")
    assert fired(quoted, "“It rained,” Anna Lund said.")[1] == 1 and fired(quoted, "It rained.")[1] == 0
    dead = book_of(tmp_path, "a: {reason: r, numbers: [dead]}\n", "a", name="dead.yaml")
    assert fired(dead, "Some 7,000 civilian lives were lost.")[0] == [("lives", "a", "7,000 civilian lives")] and fired(dead, "Lives were lost on the 7 o'clock train to 300 towns.")[1] == 0
    hidden = book_of(tmp_path, "a: {reason: r, construction: [agentless_passive]}\n", "a", name="hidden.yaml")
    assert fired(hidden, "Twelve people were killed.")[1] == 1 and fired(hidden, "Twelve people were killed by soldiers.")[1] == 0 and fired(hidden, "Soldiers killed twelve people.")[1] == 0
    harm = book_of(tmp_path, "a: {reason: r, construction: [harm, modality]}\n", "a", name="harm.yaml")
    assert fired(harm, "Soldiers killed twelve people.")[1] == 1 and fired(harm, "They must go.")[0] == [("must", "a", "must")] and fired(harm, "Soldiers saw people.")[1] == 0


def test_a_frame_can_demand_two_kinds_of_evidence_and_what_was_not_enough_is_kept(tmp_path):
    book = book_of(tmp_path, "a: {reason: r, terms: [tax]}\nb: {reason: r, numbers: [money]}\nc: {reason: r, terms: [joke*]}\n", "a and b and not c")
    assert fired(book, "The tax is $5 million.")[1] == 2
    evidence, value = fired(book, "The tax rose.")
    assert value == 0 and [t for t, *_ in evidence] == ["tax"], "what fired is told, also where it was not enough"
    assert fired(book, "The tax is $5 million, he joked.")[1] == 0


@pytest.mark.parametrize("rule, expected", [("a or b and c", [1, 0, 1]), ("(a or b) and c", [0, 0, 1]), ("not a and c", [0, 0, 0]), ("not (a and c) or b", [1, 1, 0]), ("a and not not c", [0, 0, 1])])
def test_rules_bind_as_said(tmp_path, rule, expected):
    names = set(rule.replace("(", " ").replace(")", " ").split()) - {"or", "and", "not"}
    rest = [n for n in "abc" if n not in names]
    book = book_of(tmp_path, "".join(f"{n}: {{reason: r, terms: [{w}]}}\n" for n, w in zip("abc", ("alpha", "beta", "gamma")) if n in names), rule)
    texts = ["alpha.", "beta.", "alpha gamma."]
    values = [bool(framing._holds(book.variables["v"].rule, lambda n: np.array([dict(a="alpha", b="beta", c="gamma")[n] in t]), 1)[0]) for t in texts]
    assert values == [bool(e) for e in ([1, 0, 1], [0, 0, 1], [0, 0, 0], [1, 1, 0], [0, 0, 1])[["a or b and c", "(a or b) and c", "not a and c", "not (a and c) or b", "a and not not c"].index(rule)]] == [bool(e) for e in expected], rest


@settings(max_examples=200, deadline=None)
@given(st.recursive(st.sampled_from(["a", "b", "c"]), lambda inner: st.one_of(st.tuples(st.just("not"), inner), st.tuples(inner, st.sampled_from(["or", "and"]), inner)), max_leaves=8), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_rules_are_pythons_own_logic(tree, truth):
    """Any rule, fully bracketed, gives what Python's own `or`, `and`, `not` give; without brackets Python binds the same way."""
    written = lambda t: t if isinstance(t, str) else f"(not {written(t[1])})" if t[0] == "not" else f"({written(t[0])} {t[1]} {written(t[2])})"
    names = dict(zip("abc", truth))
    for text in (written(tree), " ".join(written(tree).replace("(", " ").replace(")", " ").split())):
        postfix = framing._Reader("x").rule(None, text, {"a", "b", "c"})
        assert bool(framing._holds(postfix, lambda n: np.array([names[n]]), 1)[0]) == bool(eval(text, {}, names))


@pytest.mark.parametrize("change, message", [
    (("terms: [war]", "terms: [w*r]"), "line 8: found “w\\*r”; expected `\\*` only behind"), (("terms: [war]", "terms: [war, war]"), "line 8: found “war” a second time"),
    (("terms: [war]", "terms: war"), "line 8: found no list"), (("terms: [war]", "words: [war]"), "line 8: found `words`; expected one of"), (("terms: [war]", "numbers: [cows]"), "found `cows`; expected one of dead"),
    (("terms: [war]", "actors: {roles: [butcher]}"), "found `butcher`; expected one of state"), (("terms: [war]", "stance: [odd]"), "found `odd`"), (("reason: r, ", ""), "without `reason`"),
    (("terms: [war]", "terms: [war], numbers: [dead]"), "found terms and numbers; expected exactly one"), (("rule: a", "rule: a or b"), "line 9: found “b” in the rule"), (("rule: a", "rule: a or"), "found “the end” in the rule"),
    (("rule: a", "rule: (a"), "found “the end”"), (("rule: a", "rule: a)"), "found “\\)”"), (("rule: a", "rule: a a"), "found “a” in the rule"), (("rule: a", "rool: a"), "line 9: found `rool`"),
    (("title:", "titel:"), "line 2: found `titel`"), (("  v:", "  v: &x"), "^$"), (("terms: [war]", "terms: [war, *war]"), "found an alias|expected YAML"), (("codebook: mine", "codebook: ../mine"), "found the name"),
    (("    question: \"q\"\n", ""), "without `question`"), (("terms: [war]", "terms: [" + " ".join(["a"] * 13) + "]"), "a term of 13 words")])
def test_a_wrong_codebook_is_refused_with_its_line(tmp_path, change, message):
    text = HEAD + "variables:\n  v:\n    definition: \"d\"\n    question: \"q\"\n    indicators: {a: {reason: r, terms: [war]}}\n    rule: a\n"
    assert change[0] in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    if message == "^$":
        assert framing.read_codebook(path).name == "mine"
        return
    with pytest.raises(framing.CodebookError, match=message):
        framing.read_codebook(path)


@pytest.mark.parametrize("content", [b"", b"[1, 2]", b"\xff\xfe", b"a: b: c", b"- " * 3000, b"[" * 3000, b"x: &a [1]\ny: [*a, *a]\n", b"!!python/object/apply:os.system [echo hi]\n", ("codebook: x\n" * 2).encode()])
def test_hostile_files_are_refused(tmp_path, content):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(framing.CodebookError):
        framing.read_codebook(path)


def test_one_cannot_take_a_committed_name(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text((framing.CODEBOOKS / "generic_frames.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(framing.CodebookError, match="which a committed codebook has"):
        framing.read_codebooks(own)


def test_every_unit_has_a_row_for_every_variable_and_foreign_articles_have_nulls(tmp_path):
    _, frames = coded(book_of(tmp_path, TERMS, "a"), "War came. Nothing else.", "Krieg und war.", language=["en", "de"])
    assert frames["value"].tolist()[:2] == [1, 0] and frames["value"].iloc[2:].isna().all() and frames["evidence"].iloc[2:].isna().all()


def test_a_match_belongs_to_the_voice_it_stands_in(tmp_path):
    _, frames = coded(book_of(tmp_path, TERMS, "a"), "“War, war,” Anna Lund said about the war.", whole=False)
    _, first = coded(book_of(tmp_path, TERMS, "a"), "Lund said that war came. War, she said, went on.", whole=False)
    assert first[first["value"] > 0].groupby(first["voice"].fillna("whole"))["value"].sum().get("own", 0) == 0, "a match at a segment's first letter is in that segment"
    assert frames.groupby(frames["voice"].fillna("whole"))["value"].sum().to_dict() == {"direct": 2, "own": 1, "whole": 3}


def test_the_residual_is_where_nothing_else_is(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(HEAD + "variables:\n  v: {definition: d, question: q, indicators: {a: {reason: r, terms: [war]}}, rule: a}\n  other: {definition: d, question: q, indicators: {}, rule: none}\n", encoding="utf-8")
    _, frames = coded(framing.read_codebook(path), "War came. It rained.")
    assert frames.pivot(index="sentence_id", columns="variable", values="value").to_dict("list") == {"v": [1, 0], "other": [0, 1]}


def test_sentences_add_up_to_articles(tmp_path):
    texts = ("War. War. War. " + "Calm. " * 17, "War. War. " + "Calm. " * 18, "War. Calm.", "Calm.")
    for more, expected in (("", [1, 0, 1, 0]), ("article: {adds_up: share, carried_from: 0.1}\n", [1, 1, 1, 0]), ("article: {adds_up: density, carried_from: 76}\n", [0, 0, 1, 0])):
        book = book_of(tmp_path, TERMS, "a", more=more, name=f"{len(more)}.yaml")
        articles, frames = coded(book, *texts)
        words = tokens.split_tokens(tokens.split_sentences(articles))
        added = framing.add_up(frames, [book], words).set_index("article_id")
        assert added["carried"].tolist() == expected, more
    assert added["value"].tolist() == [1000 * 3 / 40, 1000 * 2 / 40, 1000 * 1 / 4, 0], "matches per 1,000 tokens, full stops included"
    assert framing.code_texts(pd.DataFrame({"unit_id": list("abcd"), "text": texts}), [book]).set_index("unit_id")["value"].tolist() == added["value"].tolist()


def test_what_is_left_without_a_term(tmp_path):
    book = book_of(tmp_path, "a: {reason: r, terms: [war, siege]}\nb: {reason: r, terms: [long]}\n", "a and b")
    _, frames = coded(book, "A long war. A long war, a siege. A long siege. War.")
    assert framing.without_term(frames, book, "v", "war") == 2 / 3 and framing.without_term(frames, book, "v", "long") == 0
    leading = framing.leading_terms(frames, [book]).iloc[0]
    assert (leading["term"], leading["matches"], leading["share"]) == ("long", 3, 3 / 7) and framing.without_term(frames.head(0), book, "v", "war") is None


def test_terms_that_never_match_are_listed_and_a_place_counts_once(tmp_path):
    book = book_of(tmp_path, "a: {reason: r, terms: [war, absent]}\nb: {reason: r, terms: [war]}\n", "a or b")
    counts = framing.term_counts(coded(book, "War. War.")[1], book).set_index("term")
    assert counts.loc["war", ["matches", "articles"]].tolist() == [2, 1] and counts.at["absent", "matches"] == 0


def test_overlap_is_the_correlation_of_carried_or_not(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(HEAD + "variables:\n" + "".join(f"  {v}: {{definition: d, question: q, indicators: {{a: {{reason: r, terms: [{t}]}}}}, rule: a}}\n" for v, t in (("v", "war"), ("w", "siege"), ("x", "absent"))), encoding="utf-8")
    _, frames = coded(framing.read_codebook(path), "War. War and siege. Siege. Calm. War and siege.")
    phi = framing.overlap(frames)
    assert phi.at["mine: v", "mine: w"] == pytest.approx(np.corrcoef([1, 1, 0, 0, 1], [0, 1, 1, 0, 1])[0, 1]) and np.isnan(phi.at["mine: v", "mine: x"])


def test_by_position_takes_the_fifths_of_the_body(tmp_path):
    articles, frames = coded(book_of(tmp_path, TERMS, "a"), "War. " + "Calm. " * 9)
    found = sentiment.by_position(frames.assign(value=framing.carried(frames)), tokens.split_sentences(articles), parts=5).set_index("part")["value"]
    assert found.tolist() == [0.5, 0, 0, 0, 0]


# ---- the committed codebooks ----------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def books():
    return framing.read_codebooks()


def test_the_instruments_are_complete(books):
    assert [(b.name, len(b.variables)) for b in books] == [("generic_frames", 5), ("policy_frames", 15), ("war_peace", 26), ("conflict_legitimacy", 7)]
    for book in books:
        for name, spec in book.variables.items():
            assert spec.definition and spec.question.endswith("?") and spec.literature and (len(spec.positive), len(spec.negative), len(spec.hard_negative)) == (6, 6, 2), (book.name, name)
            assert all(i.reason for i in spec.indicators.values()) and (spec.rule is None) == (name == "other")
    kinds = {i.kind for b in books for spec in b.variables.values() for i in spec.indicators.values()}
    assert kinds == set(framing.KINDS), "every kind of evidence is in use"


def test_the_examples_that_fail_are_those_listed(books):
    """Every example is run; data/codebooks/failing_examples.csv, which `python -m analysis examples` prints, holds those the indicators get wrong."""
    tried = framing.examples(books)
    assert framing.failing(tried) == (framing.CODEBOOKS / "failing_examples.csv").read_text(encoding="utf-8")
    print(tried.pivot_table(index="codebook", columns="kind", values="found").round(3))


def test_no_list_of_terms_is_slow():
    """Work counted, not timed: with 5,000 terms that all begin alike, or hang on gaps, no more steps are taken than matches in the text need."""
    words = tokens.split_tokens(tokens.split_sentences(articles_of("the war and the peace of the town . " * 200)))
    steps, plain = [], lexicons._step

    def counted(tree, width, node, number):
        steps.append(len(node))
        return plain(tree, width, node, number)
    lexicons._step, many = counted, [f"the x{i}" for i in range(5000)] + [f"the ... x{i}" for i in range(5000)]
    try:
        lexicons.match(words, pd.DataFrame({"category": "a", "term": ["the war", "the ... peace"]}))
        few, steps[:] = sum(steps), []
        lexicons.match(words, pd.DataFrame({"category": "a", "term": [*many, "the war", "the ... peace"]}))
    finally:
        lexicons._step = plain
    assert sum(steps) <= 2 * few, (sum(steps), few)
