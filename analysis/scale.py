"""The tables of notebooks 02 to 05 made in parts: the same functions over partitions of articles, in processes that Dask runs, here or on a cluster.

Every step behind notebook 01 looks at one article at a time, so a part's tables are the whole's rows of those articles. What a partition gives is
written at once, under a key that is the hash of its articles, the code and the lists: what is done stays done, and a rerun makes what is missing.
Every table has its rows in the order of the articles, so the parts, one behind the other, are row for row the table that the notebooks make.
"""
import ast
import hashlib
import json
import logging
import os
import shutil
import uuid
from functools import cache
from pathlib import Path

from analysis import agency, framing, joins, lexicons, sentiment, tables, targets, tokens, trained, voices

MADE = ("sentences", "tokens", "segments", "tone", "agency", "frames")
PARTITION = 1_000_000    # characters of text in a partition: some seconds of work, some hundred MB of tables
SECONDS = 4             # of one process's work for a million characters (docs/SCALE.md: 136 s for 34.1)
WORTH = 30               # seconds of work below which starting processes takes as long as they save
RETRIES = 3
ACTORS = tables.ROOT / "data" / "dictionaries" / "actors.csv"


class Stopped(Exception):
    """The scheduler or its workers are gone; the message says what stays done."""


# ---- one partition --------------------------------------------------------------------------------------------------------------

def chain(articles, choices=None):
    """Some articles (as notebook 01 writes them) → {table: its rows}, by the calls of notebooks 02 to 05, in their order of rows."""
    choices, t = choices or {}, {}
    own, coder = choices.get("CODEBOOK"), choices.get("TRAINED")

    def made(name, table):
        t[name] = tables.checked(name, table)
        return t[name]

    events, chosen = lexicons.read_dictionary(sentiment.LEXICONS / "events.csv"), _choices_of("04_sentiment")["EVENTS"]
    events = events[events["category"].isin(chosen)] if chosen else events
    sentences = made("sentences", tokens.split_sentences(articles))
    words = made("tokens", tokens.split_tokens(sentences))
    segments = made("segments", voices.find_voices(articles, sentences, words))
    made("tone", joins.by_article([sentiment.code_tone(sentences, words, articles, segments, coders=trained.registry(lexicon=choices.get("LEXICON"), name=coder), events=events, categories=True),
                                    targets.code_toward(sentences, words, articles, agency.read_actors(ACTORS), segments)], sentences))
    acts = made("agency", agency.find_acts(sentences, words, agency.read_actors(), segments))
    made("frames", joins.by_article([framing.code_frames(sentences, words, articles, framing.read_codebooks(own), segments, acts, categories=True),
                                      trained.code_frames(coder, sentences, words, articles) if coder else None], sentences))
    return t


@cache
def _choices_of(notebook):
    """The plain values among a notebook's Choices: what stands there holds here too."""
    cells = json.loads((tables.ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    chosen = next("".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", []))
    return {line.targets[0].id: line.value.value if isinstance(line.value, ast.Constant) else ast.literal_eval(line.value) for line in ast.parse(chosen).body
            if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) and isinstance(line.value, (ast.Constant, ast.List, ast.Tuple))}


def made_from(choices):
    """What each table is made from, as the notebooks say it."""
    lists = lambda *names: [sentiment.LEXICONS / f"{name}.csv" for name in names]
    said = lambda *words: [p for p in (choices.get("TRAINED") and trained.folder_of(choices["TRAINED"]) if word == "TRAINED" else choices.get(word) for word in words) if p]
    four, texts = ["articles", "sentences", "tokens", "segments"], [framing.CODEBOOKS / f"{b.name}.yaml" for b in framing.read_codebooks(choices.get("CODEBOOK"))]
    return {"sentences": ["articles", tables.ROOT / "data" / "lexicons" / "abbreviations.txt"], "tokens": ["sentences"], "segments": [*four[:3], *lists("cues")],
            "tone": [*four, ACTORS, *lists("news", "modifiers", "trends", "events", "verbs"), *said("LEXICON", "TRAINED")],
            "agency": [*four, ACTORS, *lists("verbs", "nominals", "cues")],
            "frames": [*four, "agency", ACTORS, *lists("verbs", "nominals", "cues", "constructions"), *(p for p in texts if p.is_file()), *said("CODEBOOK", "TRAINED")]}


def work(articles, key, folder, choices, code):
    """Make one partition's tables and put them into `folder`/`key`, whole or not at all. Returns the key."""
    if code != tables.code_hash("scale"):
        raise tables.TableError("ENGINE=dask: a worker has another version of this package or of its libraries than the command: install the same on every machine.")
    done, aside = Path(folder, key), Path(folder, f".{key}.{uuid.uuid4().hex}")
    if done.is_dir():
        return key
    aside.mkdir(parents=True)
    try:
        for name, table in chain(articles, choices).items():
            tables.write_part(aside / f"{name}.parquet", table)
        try:
            os.replace(aside, done)
        except OSError:
            if not done.is_dir():  # else another worker was first, with the same
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return key


# ---- the whole ------------------------------------------------------------------------------------------------------------------

def partitions(articles, size=PARTITION):
    """(first, behind the last) row of each partition: at least `size` characters each (the last: what is left), in order; they tile the table."""
    cuts, held = [0], 0
    for row, length in enumerate(articles["text"].str.len().tolist(), 1):
        held += length
        if held >= size and row < len(articles):
            cuts.append(row)
            held = 0
    return list(zip(cuts, [*cuts[1:], len(articles)]))


def make(store, choices, *, size=PARTITION, workers=None, tell=print):
    """Make the tables of notebooks 02 to 05 from table `articles`, by partitions. With SCHEDULER among the choices there, else in `workers` processes of
    this machine (as many as it has processors). Only what is missing is made. Raises `Stopped` where the scheduler is lost."""
    articles, code, sources = store.read("articles"), tables.code_hash("scale"), made_from(choices)
    files = sorted({(str(tables.file_label(p)), tables.fingerprint(p)) for paths in sources.values() for p in paths if p not in tables.SCHEMAS})
    used = {word: choices[word] for word in ("LEXICON", "TRAINED", "CODEBOOK") if word in choices}
    seconds = articles["text"].str.len().sum() / 1e6 * SECONDS
    parts = partitions(articles, size)
    keys = [hashlib.sha256(json.dumps([tables.content_hash(articles.iloc[a:b]), code, files, _choices_of("04_sentiment")["EVENTS"]]).encode()).hexdigest()[:24] for a, b in parts]
    folder, stamp = store.folder / "partitions", hashlib.sha256("".join(keys).encode()).hexdigest()
    todo = [(key, a, b) for key, (a, b) in zip(keys, parts) if not (folder / key).is_dir()]
    if all(store.parts(name) == stamp for name in MADE):
        return
    if todo and seconds < WORTH:
        tell(f"  dask           about {seconds:.0f} s of work for one process: below {WORTH} s ENGINE=dask is not worth it; going on")
    tell(f"  dask           {len(parts)} partition{'s' * (len(parts) != 1)}, {len(todo)} to make")
    if todo:
        _run(todo, articles, folder, used, code, choices.get("SCHEDULER"), workers)
    for name in MADE:
        store.write_parts(name, (folder / key / f"{name}.parquet" for key in keys), made_from=sources[name], stamp=stamp)
    for old in folder.iterdir():
        if old.name not in keys:
            shutil.rmtree(old, ignore_errors=True)


def _made(todo, folder):
    return f"{sum((folder / key).is_dir() for key, *_ in todo)} of {len(todo)} partitions were made and stay in {folder}; the same command makes the rest."


def _run(todo, articles, folder, choices, code, address, workers):
    """Every partition of `todo` on Dask, no more under way than keep its workers busy."""
    try:
        from distributed import CancelledError, Client, KilledWorker, LocalCluster, as_completed
        from distributed.comm import CommClosedError
    except ImportError:
        raise tables.TableError("ENGINE=dask needs Dask, which is not installed: pip install -e '.[scale]' (in the suite's environment, .venv/bin/python -m pip …).") from None
    from tqdm import tqdm
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what is lost is said by `Stopped`
    folder.mkdir(parents=True, exist_ok=True)
    workers = workers or max(1, min(len(todo), os.cpu_count() or 1))
    cluster = None if address else LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", silence_logs=50)
    try:
        try:
            client = Client(address or cluster, timeout=15, set_as_default=False)
        except (OSError, ValueError, ImportError) as error:
            raise tables.TableError(f"SCHEDULER={address}: no Dask scheduler answers there ({type(error).__name__}). Expected the address of one that runs, such as tcp://host:8786; leave SCHEDULER out for this machine's processes.") from None
        try:
            submit = lambda item: client.submit(work, articles.iloc[item[1]:item[2]].reset_index(drop=True), item[0], str(folder), choices, code, key=f"{item[0]}-{uuid.uuid4().hex[:6]}", retries=RETRIES, pure=False)
            ahead = iter(todo)
            room = 2 * max(1, sum(client.nthreads().values()), workers if cluster else 1)
            waiting = as_completed([submit(item) for _, item in zip(range(room), ahead)], loop=client.loop)
            with tqdm(total=len(todo), desc="partitions", leave=False, disable=None) as bar:
                for future in waiting:
                    try:
                        future.result()
                    except (CancelledError, CommClosedError) as error:
                        raise Stopped(f"ENGINE=dask: the scheduler at {client.scheduler.address} is lost. {_made(todo, folder)}") from error
                    except KilledWorker as error:
                        raise Stopped(f"ENGINE=dask: a partition ended {RETRIES + 1} workers (out of memory is the usual cause: fewer workers, more memory for each). {_made(todo, folder)}") from error
                    bar.update()
                    if item := next(ahead, None):
                        waiting.add(submit(item))
        finally:
            client.close(timeout=2)
    finally:
        if cluster:
            cluster.close(timeout=10)
    lost = [key for key, *_ in todo if not (folder / key).is_dir()]
    if lost:
        raise Stopped(f"ENGINE=dask: {len(lost)} of {len(todo)} partitions were made but are not in {folder}: the workers must see this folder (a shared file system).")
