"""Who acts on whom: sentences that stand here, and what the rules must make of them."""
import gc
import weakref

import numpy as np
import pandas as pd
import pytest
from conftest import SHARED, articles_of, needs_shared

from analysis import agency, lexicons, speakers, tables, tokens, voices


def read(*texts, actors=None):
    """(articles, agency) of some texts."""
    articles = articles_of(*texts)
    sentences = tokens.split_sentences(articles)
    words = tokens.split_tokens(sentences)
    segments = voices.find_voices(articles, sentences, words)
    return articles, tables.check("agency", agency.find_acts(sentences, words, agency.read_actors() if actors is None else actors, segments))


def told(text):
    """{(role, actor)} and constructions of a one-sentence text."""
    _, acts = read(text)
    return set(zip(acts["role"], acts["actor"])), list(dict.fromkeys(acts["construction"]))


@pytest.mark.parametrize("text, roles, construction", [
    ("Israel killed 12 people.", {("agent", "Israel"), ("patient", "people")}, "active"),
    ("Twelve people were killed by Israel.", {("agent", "Israel"), ("patient", "people")}, "passive"),
    ("Twelve people were killed.", {("patient", "people")}, "agentless"),
    ("The village was attacked by gunmen on Monday.", {("agent", "gunmen"), ("patient", "village")}, "passive"),
    ("The army of Israel struck a port.", {("agent", "Israel"), ("patient", "port")}, "active"),
    ("Critics of Israel burned a flag.", {("agent", "critics"), ("patient", "flag")}, "active"),
    ("Israel killed at least 12 Palestinians.", {("agent", "Israel"), ("patient", "Palestinians")}, "active"),
    ("The army killed more than 100 rebels.", {("agent", "army"), ("patient", "rebels")}, "active"),
    ("Militants wounded as many as 5 soldiers.", {("agent", "militants"), ("patient", "soldiers")}, "active"),
    ("Anna Lund attacked the plan.", {("agent", "Anna Lund"), ("patient", "plan")}, "active"),
])
def test_verbs(text, roles, construction):
    assert told(text) == (roles, [construction])


def test_a_subject_is_shared_within_its_sentence_a_passive_goes_on_and_the_nearest_by_counts():
    acts = read("Gunmen attacked the town. And killed two men.", "The town was shelled, the port hit.", "The town was shelled by rebels and by gunmen.")[1]
    told = set(zip(acts["article_id"], acts["verb"], acts["role"], acts["actor"], acts["construction"]))
    assert ("a", "kill", "patient", "men", "active") in told and not any(row[:3] == ("a", "kill", "agent") for row in told)
    assert ("b", "hit", "patient", "port", "agentless") in told and ("c", "shell", "agent", "rebels", "passive") in told
    assert ("a", "kill", "agent", "gunmen") in {row[:4] for row in zip(*(read("Gunmen attacked the town and killed two men.")[1][c] for c in ("article_id", "verb", "role", "actor")))}


def test_a_looser_word_of_saying_counts_where_it_gives_a_voice():
    assert {role for role, actor in told("“It rained,” Anna Lund continued.")[0] if actor == "Anna Lund"} == {"speaker"} and ("agent", "Anna Lund") in told("Anna Lund continued the work.")[0]


def test_what_may_stand_between_a_subject_and_its_verb():
    def subject(text, verb):
        words = speakers.Words(tokens.split_tokens(tokens.split_sentences(articles_of(text))), [0])
        a, b, *_ = speakers.subject(speakers.Sentence(words, 0, len(words.low)), words.low.index(verb))
        return " ".join(words.raw[a:b])
    assert subject("Gunmen on Monday later attacked the town.", "attacked") == "Gunmen" and subject("Gunmen after attacked the town.", "attacked") == ""


def test_what_was_read_of_a_table_goes_with_it():
    """Hundreds of megabytes, which the collector of cycles would leave standing for long."""
    words = tokens.split_tokens(tokens.split_sentences(articles_of("Gunmen, he said, killed two men.")))
    gc.disable()
    try:
        read = speakers.Words(words, [0])
        agency.acts(read, read.verb, agency.verb_index(), every=True)
        gone = weakref.ref(read)
        del read
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("quoted", [False, True])
def test_subjects_of_a_table_are_those_found_one_by_one(quoted):
    texts = [path.read_text(encoding="utf-8") for path in sorted((tables.ROOT / "data" / "retellings").rglob("*.txt"))]
    texts += ["Lee, the minister, said it rained, warning all.", "He wants to go and has never tried to, she said, and left.", "The man who, on Monday, did not come left.", "To go. And go. , go", "Gunmen refused to attack."]
    words = tokens.split_tokens(tokens.split_sentences(articles_of(*texts)))
    heads = lexicons.sentence_of(words)[1]
    read = speakers.Words(words, heads[:-1], np.where(words["token"].str.len() == 4, 0, -1) if quoted else None)
    k = np.arange(len(words))
    for row, a, b, first, negated, passive, joined in zip(k.tolist(), *(column.tolist() for column in speakers.subjects(read, k))):
        begin = int(read.first[row])
        a_, b_, _, first_, flags = speakers.subject(speakers.Sentence(read, begin, int(read.end[row])), row - begin)
        flags = "not" in flags, "passive" in flags, bool(flags & {"and", "infinitive"})
        assert (a - begin, b - begin, first - begin, negated, passive, joined) == (a_, b_, first_, *flags), words["token"].iloc[begin:row + 1].tolist()


def test_nouns_that_name_an_act():
    roles, constructions = told("The report counted the deaths of over 7,000 Palestinians.")
    assert ("patient", "Palestinians") in roles and "nominal" in constructions and ("agent", "Palestinians") not in roles
    roles, _ = told("The report counted the loss of 40 civilian lives due to Israeli bombardments.")
    assert {("patient", "Civilians"), ("agent", "Israel")} <= roles
    _, acts = read("An Israeli strike on Gaza killed three children.")
    assert {("agent", "Israel", "strike"), ("patient", "Gaza", "strike"), ("agent", "Israel", "kill"), ("patient", "children", "kill")} == set(zip(acts["role"], acts["actor"], acts["verb"]))
    assert told("The loss of jobs went on.")[1] != ["nominal"], "a loss of jobs is no loss of lives"


def test_who_only_speaks_acts_on_nobody():
    _, acts = read("Iran warned Israel that it would rain.", "According to Iranian officials, it rained.", "“It rained,” Anna Lund said.")
    assert set(zip(acts["article_id"], acts["role"], acts["actor"])) >= {("a", "speaker", "Iran"), ("b", "speaker", "Iran"), ("c", "speaker", "Anna Lund")}
    assert not ((acts["role"] == "patient") & (acts["actor"] == "Israel")).any()


def test_a_verb_of_saying_is_no_passive_and_a_participle_before_a_noun_no_act():
    _, acts = read("It rained, Anna Lund said.", "Iran denied attacking the ship.", "He lives in the occupied West Bank.")
    assert not acts["construction"].isin(["passive", "agentless"]).any() and acts[acts["article_id"] == "c"].query("verb == 'occupy'").empty
    assert not acts.duplicated(["article_id", "sentence_id", "act", "role"]).any() and acts.groupby(["article_id", "sentence_id", "act"])["verb"].nunique().eq(1).all()


def test_an_active_verb_without_subject_is_not_called_agentless():
    _, acts = read("Gunmen attacked the town on Monday, killing twelve people.")
    assert agency.harm(acts).set_index("verb")["told"].to_dict() == {"attack": "unnamed agent", "kill": "not found"}


def test_what_was_not_done_is_no_act():
    assert read("Hamas did not attack the town.")[1].query("verb == 'attack'").empty


def test_swapping_the_actors_swaps_the_roles():
    swap = {"Israel": "Iran", "Iran": "Israel"}
    for text in ("Israel attacked Iran.", "Israel was attacked by Iran.", "Israel, officials said, bombed Iran on Monday."):
        here, there = told(text)[0], told(text.replace("Israel", "#").replace("Iran", "Israel").replace("#", "Iran"))[0]
        assert {(role, swap.get(actor, actor)) for role, actor in here} == there


def test_places_are_exact_and_acts_stand_in_their_segment():
    articles, acts = read("“Israel attacked the port,” Anna Lund said in Oslo. Gunmen killed two men.")
    text = articles["text"].iloc[0]
    place = {(r.role, r.verb): text[r.start:r.end] for r in acts.itertuples()}
    assert place["agent", "attack"] == "Israel" and place["patient", "attack"] == "the port" and place["patient", "kill"] == "two men"
    assert acts.loc[acts["verb"] == "attack", "segment_id"].eq(0).all() and acts.loc[acts["verb"] == "said", "segment_id"].eq(1).all()


def test_harm_tells_named_unnamed_and_hidden_agents():
    _, acts = read("Israel killed 12 people. Gunmen killed 12 people. Twelve people were killed. He praised the deaths of 12 people. Lund praised Berg.")
    assert agency.harm(acts)["told"].tolist() == ["named agent", "unnamed agent", "no agent", "no agent"]
    counts = agency.roles(acts).set_index("actor")
    assert counts.at["people", "patient"] == 4 and counts.at["Israel", "agent"] == 1 and counts.at["people", "acts"] == 4


def test_naming_counts_names_and_labels():
    articles = articles_of("Hamas militants crossed. Hamas fighters and Hamas crossed.", "Israeli forces left Israel.")
    words = tokens.split_tokens(tokens.split_sentences(articles))
    found = agency.naming(words, agency.read_actors()).set_index(["actor", "word"])
    assert found.loc[("Hamas", "hamas"), ["kind", "times", "articles"]].tolist() == ["name", 3, 1]
    assert found.loc[("Hamas", "militants"), ["kind", "times"]].tolist() == ["label", 1] and found.at[("Israel", "forces"), "kind"] == "label" and found.at[("Israel", "israeli"), "kind"] == "adjective"
    by_voice = agency.naming(words.assign(voice="own"), agency.read_actors(), by=("voice",))
    assert set(by_voice["voice"]) == {"own"} and len(by_voice) == len(found)


def test_a_table_without_acts_is_a_table():
    articles = articles_of("Rain.")
    sentences = tokens.split_sentences(articles)
    acts = tables.check("agency", agency.find_acts(sentences, tokens.split_tokens(sentences), agency.read_actors()))
    assert acts.empty and agency.harm(acts).empty and agency.roles(acts).empty
    assert agency.find_acts(sentences, tokens.split_tokens(sentences).head(0), agency.read_actors()).empty
    assert read("Killed")[1].empty and read("refused")[1].empty


def test_acts_without_a_segment_have_none():
    articles = articles_of("Hamas attacked Israel. Iran condemned the attack.", "“Israel killed 12 people,” said Ann Lee.")
    sentences = tokens.split_sentences(articles)
    words = tokens.split_tokens(sentences)
    segments = voices.find_voices(articles, sentences, words)
    whole = agency.find_acts(sentences, words, agency.read_actors(), segments)
    part = agency.find_acts(sentences, words, agency.read_actors(), segments[segments["article_id"] == "b"])
    assert whole["segment_id"].notna().all() and part["segment_id"].notna().equals(part["article_id"] == "b")
    assert agency.find_acts(sentences, words, agency.read_actors(), segments.head(0))["segment_id"].isna().all()


@needs_shared
def test_the_seeds_acts_are_told_apart():
    """The article this project began with: lives lost “due to Israeli bombardments”, “the deaths of over 7,000 Palestinians”, and a plain active killing."""
    text = next((SHARED / "seed").glob("*.txt")).read_text(encoding="utf-8")
    _, acts = read(text + "\n\nIsrael killed two men.")
    whole = agency.harm(acts)
    loss = whole[whole["verb"] == "loss"].iloc[0]
    deaths = whole[whole["verb"] == "deaths"].iloc[0]
    kill = whole[(whole["verb"] == "kill") & (whole["agent"] == "Israel")].iloc[-1]
    assert (loss["construction"], loss["agent"], loss["patient"]) == ("nominal", "Israel", "Civilians")
    assert (deaths["construction"], deaths["patient"], deaths["told"]) == ("nominal", "Palestinians", "no agent") and pd.isna(deaths["agent"])
    assert (kill["construction"], kill["patient"]) == ("active", "men")


def test_acts_are_of_the_sentences_asked_for():
    sentences = tokens.split_sentences(articles_of("Gunmen attacked the town. Rebels killed two men.", "Israel killed two men."))
    words = tokens.split_tokens(sentences)
    found = agency.find_acts(sentences.iloc[1:2], words, agency.read_actors())
    assert set(zip(found["article_id"], found["sentence_id"], found["verb"])) == {("a", 1, "kill")}


@pytest.mark.parametrize("text, verb", [("The guards gunned the men down.", "gun"), ("The guards gunned the two old men down.", "gunned")])
def test_a_particle_stands_within_three_words(text, verb):
    assert set(read(text)[1]["verb"]) == {verb}
