"""How fast the steps are, on one core: articles of 400 words a second, median of several rounds. Run: make bench

The texts are the retellings, repeated with a word added to every sentence, so that nothing is remembered from one to the next; what is measured is work per article, which grows with the text alone.
"""
import statistics
import time

import pandas as pd

from analysis import agency, corpus, framing, lexicons, sentiment, tables, targets, tokens, voices

COPIES, ROUNDS = 20, 5


def main():
    found, _ = corpus.read(tables.ROOT / "data" / "retellings")
    once, _ = corpus.clean(found)
    articles = pd.concat([once.assign(article_id=once["article_id"] + f"-{i}", text=once["text"].str.replace(".", f" number{i}.")) for i in range(COPIES)], ignore_index=True).assign(language="en", duplicate_of=None)
    books = framing.read_codebooks()
    sentences = tokens.split_sentences(articles)
    words = tokens.split_tokens(sentences)
    segments = voices.find_voices(articles, sentences, words)
    units, placed = sentiment.units_of(sentences, words)
    events, actors = lexicons.read_dictionary(sentiment.LEXICONS / "events.csv"), agency.read_actors()
    acts, scored = agency.find_acts(sentences, words, actors, segments), sentiment.scores_of(sentiment.LEXICONS / "news.csv").sample(frac=1, random_state=1)
    steps = {
        "corpus.mark_duplicates": lambda: corpus.mark_duplicates(articles),
        "tokens.split_sentences": lambda: tokens.split_sentences(articles),
        "tokens.split_tokens": lambda: tokens.split_tokens(sentences),
        "voices.find_voices": lambda: voices.find_voices(articles, sentences, words),
        "sentiment: the panel's values": lambda: list(sentiment.score_units(units, placed, sentiment.CODERS)),
        "sentiment.code_tone, sentences": lambda: sentiment.code_tone(sentences, words, articles),
        "  and segments, and masked": lambda: sentiment.code_tone(sentences, words, articles, segments, events=events),
        "targets.code_toward": lambda: targets.code_toward(sentences, words, articles, actors),
        "agency.find_acts": lambda: agency.find_acts(sentences, words, actors, segments),
        "framing.code_frames, 4 codebooks": lambda: framing.code_frames(sentences, words, articles, books, segments, acts),
        "lexicons.match, 1,000 terms": lambda: lexicons.match(words, scored.head(1000)),
        "lexicons.match, 5,000 terms": lambda: lexicons.match(words, scored.head(5000)),
    }
    size = articles["n_words"].sum() / 400
    print(f"{size:.0f} articles of 400 words, {len(sentences):,} sentences, median of {ROUNDS} rounds\n\n{'step':36}{'articles a second':>20}{'µs an article':>18}{'sentences a second':>22}")
    times = {name: [] for name in steps}
    for _ in range(ROUNDS):  # in turn, so that a slow moment of the machine falls on all
        for name, step in steps.items():
            clock = time.perf_counter()
            step()
            times[name].append(time.perf_counter() - clock)
    for name, taken in times.items():
        seconds = statistics.median(taken)
        print(f"{name:36}{size / seconds:>20,.0f}{seconds / size * 1e6:>18,.0f}{len(sentences) / seconds:>22,.0f}")


if __name__ == "__main__":
    main()
