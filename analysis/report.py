"""Runs the notebooks on one corpus, renders each as a page, and binds the pages into a report. Only what changed is run again."""
import atexit
import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from analysis import figures, reading, tables

NOTEBOOKS = tables.ROOT / "notebooks"
CONSTRUCTED = ("The retellings were written for this project. The styles are not outlets, and nothing here is evidence about real media: "
               "they are a positive control, texts in which the differences to be found are known.")
NOT_FOR_PUBLICATION = "These pages quote sentences of the articles they are about: they are for your own reading, not for publication, unless the articles are free."
WITHHELD = "The articles' texts are withheld (TEXT=withheld): these pages hold ids, places, matched terms and judgements, and may be published as far as those may."
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


REFUSALS = ("TableError", "DictionaryError", "CodedSetError", "CodebookError", "TrainedError", "Refusal")  # say by themselves what was found and what to do


class NotebookFailed(Exception):
    """A cell of a notebook failed; the message names the notebook, the cell and the error."""


def notebooks(store=None):
    """The numbered notebooks in order; for a coded set, the one of validation."""
    return sorted(NOTEBOOKS.glob("06_*.ipynb" if store and store.coded else "[0-9][0-9]_*.ipynb"))


def report(store, choices, *, made=None, tell=print):
    """Run what is stale, render it, bind the pages. Returns the folder of the pages; raises `NotebookFailed` after saving what was made.

    Of a coded set (`CODED` among the choices) only the notebook of validation is run. `made`: makes the tables of notebooks 02 to 05 ahead of the first of them that is stale.
    """
    folder = tables.home() / "reports" / store.name
    withheld = choices.get("TEXT") == "withheld"
    begun, done, changed, failure = time.perf_counter(), [], [], None
    tell(f"{'Coded set' if store.coded else 'Corpus'} {store.name}: {len(notebooks(store))} notebook{'s' * (len(notebooks(store)) > 1)}")
    for path in notebooks(store):
        key = _key(path, choices)
        run = _last_run(store, path)
        if run and run["key"] == key and _fresh(store, run):
            tell(f"  {path.stem:14} unchanged")
            done.append(path)
            continue
        clock = time.perf_counter()
        if made and "02" <= path.stem[:2] <= "05":
            made = made(store, choices, tell=tell)
        try:
            _run(store, path, key, choices, run)
        except NotebookFailed as error:
            failure = error
            tell(f"  {path.stem:14} FAILED after {time.perf_counter() - clock:.1f} s")
            break
        done.append(path)
        changed.append(path)
        tell(f"  {path.stem:14} {time.perf_counter() - clock:5.1f} s")
    if withheld:  # nothing of an earlier run with texts stays among what may be published
        for path in [folder / f"{p.stem}.html" for p in notebooks() if p not in done] + [folder / "report.pdf"] * bool(changed or failure):
            path.unlink(missing_ok=True)
        for old in ["tables", *["articles", "sentences"] * bool(failure)]:
            shutil.rmtree(folder / old, ignore_errors=True)
    clock = time.perf_counter()
    written = 0 if store.coded else _annotate(store, folder, choices)
    if written:
        tell(f"  articles       {time.perf_counter() - clock:5.1f} s ({written:,} pages)")
    if failure or changed or written or not _bound(store, folder):
        _bind(store, folder, done, failure, choices)
    if withheld:
        _refuse_leaks(store, folder)
    for line in (line for path in done for line in (_last_run(store, path) or {}).get("told", ())):
        tell(f"  {line}")
    if failure:
        raise failure
    if browser := _browser():
        if _pdf(browser, folder):
            tell("  report.pdf     printed")
    tell(f"Done in {time.perf_counter() - begun:.1f} s. Open {folder / 'index.html'}; figures are in {tables.home() / 'figures' / store.name}")
    return folder


# ---- what is stale --------------------------------------------------------------------------------------------------------------

def _key(path, choices):
    """Hash of all that decides a notebook's outputs except its inputs: its source, the code it reaches, the page, the choices that it takes."""
    source = path.read_text(encoding="utf-8")
    page = [f.read_text(encoding="utf-8") for f in sorted((tables.ROOT / "analysis" / "page").iterdir())]
    style = (tables.ROOT / "analysis" / "house.mplstyle").read_text(encoding="utf-8")
    modules = tables.modules_in(source.replace('"', "\n").replace("\\n", "\n")) | {"report"}
    taken = [(word, value) for word, value in sorted(choices.items()) if word == "TEXT" or f'choice(\\"{word}\\"' in source]
    whole = [source, tables.code_hash(*sorted(modules)), tables.versions("matplotlib", "nbconvert"), page, style, taken]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


def _run_file(store, path):
    return store.folder / "runs" / f"{path.stem}.json"


def _last_run(store, path):
    try:
        return json.loads(_run_file(store, path).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None


def _fresh(store, run):
    """Are the inputs what they were, and are the outputs all there, unaltered?"""
    try:
        for label, sha in run["read"].items():
            now = (tables.fingerprint(store.source) if label == "source" else store.content(label) if label in tables.SCHEMAS
                   else tables.fingerprint(Path(tables.ROOT, label)))
            if now != sha:
                return False
    except tables.TableError:
        return False
    return all(tables.fingerprint(tables.home() / path) == sha for path, sha in run["wrote"].items())


# ---- running and rendering ------------------------------------------------------------------------------------------------------

def _run(store, path, key, choices, last):
    """Execute one notebook in a kernel of its own; on success save its page and a record of what it read and wrote."""
    import nbformat
    from jupyter_client import AsyncKernelManager
    from jupyter_core.utils import run_sync
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from tqdm import tqdm
    clock = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    with tempfile.TemporaryDirectory(prefix="nf-") as folder, tqdm(total=len(code), desc=path.stem, unit="cell", leave=False, disable=None) as bar:
        log = Path(folder, "log.jsonl")
        manager = AsyncKernelManager(kernel_name="python3")
        if os.name != "nt" and len(folder) < 60:
            manager.transport = "ipc"
            manager.connection_file = str(Path(folder, "k.json"))
        client = NotebookClient(notebook, km=manager, timeout=None, startup_timeout=600, record_timing=False, extra_arguments=["--log-level=ERROR"], resources={"metadata": {"path": str(NOTEBOOKS)}},
                                on_cell_executed=lambda **_: bar.update())
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("ANALYSIS_") or k == "ANALYSIS_HOME"}  # a terminal in JupyterLab carries that lab's choices
        settings = inherited | {f"ANALYSIS_{name}": str(value) for name, value in choices.items()} | {"ANALYSIS_RECORD": str(log), "PYTHONHASHSEED": "0"}
        try:
            client.execute(env=settings)
        except CellExecutionError as error:
            at = next((i for i in code if any(o.output_type == "error" for o in notebook.cells[i].get("outputs", []))), code[0])
            line = next((text for text in notebook.cells[at].source.splitlines() if text.strip()), "")
            where = path.stem if error.ename in REFUSALS else f"{path.stem}, cell {at + 1} ({line.strip()[:80]}): {error.ename}"
            raise NotebookFailed(f"{where}: {PAINT.sub('', str(error.evalue)).strip()[:600]}") from None
        except RuntimeError as error:
            raise NotebookFailed(f"{path.stem}: the kernel died ({error}); out of memory is the usual cause.") from None
        finally:  # nbclient ends only kernels of its own making
            atexit.unregister(client._cleanup_kernel)  # of one that never answered it is no longer there
            if manager.has_kernel:
                run_sync(manager.shutdown_kernel)(now=True)
        entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    read = {what: sha for verb, what, sha in entries if verb == "read"}
    wrote = {what: sha for verb, what, sha in entries if verb == "wrote"}
    made = {f"data/derived/{store.name}/{name}.parquet" for name in tables.SCHEMAS}
    read = {what: sha for what, sha in read.items() if f"data/derived/{store.name}/{what}.parquet" not in wrote}
    page = tables.home() / "reports" / store.name / f"{path.stem}.html"
    tables.write_atomically(page, _render(store, path, notebook, choices.get("TEXT") == "withheld"))
    wrote[page.relative_to(tables.home()).as_posix()] = tables.fingerprint(page)
    for orphan in set(last["wrote"] if last else ()) - set(wrote) - made:  # figures that this corpus no longer gives
        (tables.home() / orphan).unlink(missing_ok=True)
    tables.write_atomically(_run_file(store, path), json.dumps({"key": key, "read": read, "wrote": wrote, "told": [what for verb, what, _ in entries if verb == "told"], "seconds": round(time.perf_counter() - clock, 1)}, indent=1))


def title_of(path):
    """A notebook's title: its first heading."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = next(("".join(c["source"]) for c in cells if c["cell_type"] == "markdown"), path.stem)
    heading = re.search(r"^# +(.+)$", text, re.M)
    return heading[1].strip() if heading else path.stem


def _render(store, path, notebook, withheld=False):
    from nbconvert import HTMLExporter
    exporter = HTMLExporter(template_name="page", extra_template_basedirs=[str(tables.ROOT / "analysis")], exclude_anchor_links=True)
    everything = notebooks(store)
    at = everything.index(path)
    steps = [("Previous", everything[at - 1])] * (at > 0) + [("Next", p) for p in everything[at + 1:at + 2]]
    page = _page(store, f"{title_of(path)} · {store.name}", current=path, withheld=withheld)
    page["steps"] = [{"href": f"{p.stem}.html", "text": f"{word}: {title_of(p)}"} for word, p in steps]
    whole, _ = exporter.from_notebook_node(notebook, resources={"page": page})
    tables_seen = iter(range(1, 1000))
    whole = re.sub(r'aria-label="Table of cell \d+"', lambda _: f'aria-label="Table {next(tables_seen)}"', whole)
    for name in re.findall(r'<span class="file">\[(\w+)\]</span></figcaption>', whole):     # to the sentences behind a figure's marks, where its note names some
        note = json.loads((tables.home() / "figures" / store.name / f"{name}.json").read_text(encoding="utf-8"))
        link = f' · <a href="sentences/{note["figure"]}.html">{note["behind"]["of"].capitalize()} behind this figure</a>' if "behind" in note else ""
        whole = whole.replace(f"[{name}]</span></figcaption>", f"[{name}]</span>{link}</figcaption>")
    count, answer = iter(range(1, 1000)), ANSWER.search(whole)      # Figure 4.2 is the second of notebook 04
    whole = re.sub(r"<figcaption>", lambda _: f"<figcaption><b>Figure {int(path.stem[:2])}.{next(count)}.</b> ", whole)
    return ANSWER.sub("", whole, count=1).replace("</h1>", f"</h1>\n{answer.group()}", 1) if answer else whole    # the page's answer, computed in its last cell, stands under its title


WHO = {"people": "people's codes", "models": "codes by language models, no people", "authors": "codes by the authors of the texts"}  # who gave the codes that a coder is measured by
ANSWER, PAINT = re.compile(r'<p class="answer">.*?</p>', re.S), re.compile(r"\x1b\[[0-9;]*m")


def _page(store, title, current=None, withheld=False, code=True):
    """What every page needs: links, style, notices, and what it was made with."""
    from pygments.formatters import HtmlFormatter
    from pygments.styles import get_all_styles
    links = [{"href": "index.html", "text": "Overview", "current": current is None}]
    links += [{"href": f"{p.stem}.html", "text": p.stem.replace("_", " "), "current": p == current} for p in notebooks(store)]
    css = (tables.ROOT / "analysis" / "page" / "page.css").read_text(encoding="utf-8")
    light, dark = (HtmlFormatter(style=style).get_style_defs(".highlight") for style in ("a11y-high-contrast-light", "a11y-high-contrast-dark")) if "a11y-high-contrast-dark" in get_all_styles() else (
        HtmlFormatter(style="default").get_style_defs(".highlight"), HtmlFormatter(style="github-dark").get_style_defs(".highlight"))
    highlight = f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n.highlight {{ background: none; }}"
    constructed = store.source == tables.ROOT / "data" / "retellings" or _holds_constructed(store)
    versions = tables.versions("news-framing", *tables.INSTRUMENTS, "matplotlib")
    return {"title": title, "css": css + highlight * code, "links": links, "steps": [], "notices": [CONSTRUCTED] * constructed + [WITHHELD] * withheld or [NOT_FOR_PUBLICATION],
            "made": "Made with " + ", ".join(f"{name} {number}" for name, number in versions.items()) + f", Python {sys.version.split()[0]}. Corpus: {store.name}."}


def _holds_constructed(store):
    """Do any of the corpus's articles come from files named `constructed_…`, wherever they lie?"""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
    if not store.path("articles").is_file():
        return False
    return any(pc.any(pc.match_substring(column, "constructed_")).as_py() for column in pq.read_table(store.path("articles"), columns=["article_id", "source"]).columns)


def _bind(store, folder, done, failure, choices=None):
    """The index: what was found, the corpus, the articles, every figure, a reviewer's checklist, a manifest. Jinja escapes all text."""
    from markupsafe import Markup
    choices, pages = choices or {}, []
    for path in notebooks(store):
        page = folder / f"{path.stem}.html"
        answer = ANSWER.search(page.read_text(encoding="utf-8")) if page.is_file() else None
        pages.append({"title": title_of(path), "href": page.name if page.is_file() else None, "earlier": path not in done, "answer": Markup(answer.group().removeprefix('<p class="answer">').removesuffix("</p>")) if answer else None})
    pictures = tables.home() / "figures" / store.name
    drawn = [{"name": n["figure"], "caption": n["caption"], "alt": n["alt"], "picture": base64.b64encode((pictures / f"{n['figure']}.svg").read_bytes()).decode(), "place": _place(store, n),
              "behind": f"sentences/{n['figure']}.html" if "behind" in n and (folder / "sentences" / f"{n['figure']}.html").is_file() else None, "what": n.get("behind", {}).get("of", "").capitalize()} for n in figures.notes(store)]
    pages_made = len(list((folder / "articles").glob("*.html"))) - 1
    whole = reading.template("overview.html.j2").render(
        page=_page(store, f"{store.name}: report", withheld=choices.get("TEXT") == "withheld"), heading=store.name, failure=str(failure).rstrip(".") if failure else None, pages=pages, figures=drawn,
        reading=f"{pages_made:,} article{'s' * (pages_made != 1)}" if pages_made > 0 else None, card=_card(store, choices), checklist=_checklist(store, choices), manifest=_manifest(store, choices))
    index = folder / "index.html"
    tables.write_atomically(index, whole)
    tables.write_atomically(store.folder / "runs" / "index.json", json.dumps({"wrote": tables.fingerprint(index), "failed": bool(failure)}))


def _place(store, note):
    """The page of the notebook that a figure is drawn in."""
    return next((p.stem for p in notebooks(store) if p.stem[:2] == note["figure"][:2]), "index") + ".html"


# ---- the annotated articles, and the lists behind the figures -------------------------------------------------------------------

def _annotate(store, folder, choices):
    """Write the annotated articles and the lists of sentences, where they are not what the tables and the figures now give; how many pages."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
    try:
        content = {name: store.content(name) for name in reading.TABLES}
    except tables.TableError:  # a run that failed before its tables were there; older pages stay
        return 0
    notes, page = figures.notes(store), _page(store, store.name, withheld=choices.get("TEXT") == "withheld", code=False)
    page |= {"links": [link | {"current": False} for link in page["links"]]}
    source = [f.read_text(encoding="utf-8") for f in sorted((tables.ROOT / "analysis" / "page").iterdir())]
    key = hashlib.sha256(json.dumps([content, notes, page, source, tables.code_hash("reading"), sorted(choices.items())]).encode()).hexdigest()
    stamp, places = store.folder / "runs" / "pages.json", [folder / "articles", folder / "sentences"]
    if stamp.is_file() and json.loads(stamp.read_text(encoding="utf-8")) == {"key": key, "wrote": [tables.fingerprint(p) for p in places]}:
        return 0
    whole_sentence = pc.field("segment_id").is_null()
    only = {"tone": whole_sentence, "frames": whole_sentence & (pc.field("value") > 0)}
    read = lambda name: pq.read_table(store.path(name), filters=only.get(name)).to_pandas()
    made = set()
    for path, whole in reading.pages({name: read(name) for name in reading.TABLES}, notes, page, {n["figure"]: _place(store, n) for n in notes}, by=choices.get("GROUP", "outlet"), withheld=choices.get("TEXT") == "withheld"):
        tables.write_atomically(folder / path, whole)
        made.add(folder / path)
    for old in {p for place in places for p in place.glob("*.html")} - made:
        old.unlink()
    tables.write_atomically(stamp, json.dumps({"key": key, "wrote": [tables.fingerprint(p) for p in places]}))
    return len(made)


def _refuse_leaks(store, folder):
    """Publishable pages hold no run of words of an article; one that does is deleted, and the run fails."""
    if not store.path("articles").is_file():
        return
    names = [name for table, column in (("segments", "speaker"), ("agency", "actor")) if (found := _table(store, table, [column])) is not None for name in found[column].dropna().unique()]
    forbidden = reading.runs(_table(store, "articles"), names=names)
    for path in sorted(folder.rglob("*.html")):
        if found := reading.leak(path.read_text(encoding="utf-8"), forbidden):
            path.unlink()
            raise NotebookFailed(f"TEXT=withheld: {path.name} held {reading.LEAST_RUN} words in a row of an article (“{found}”) and was deleted. A column shown by `figures.show` that holds text belongs in figures.TEXTS.")


# ---- what the index says of the run ---------------------------------------------------------------------------------------------

def _table(store, name, columns=None):
    """A table as it lies there, or null where there is none."""
    import pyarrow.parquet as pq
    return pq.read_table(store.path(name), columns=columns).to_pandas() if store.path(name).is_file() else None


def _counted(articles, group):
    """The articles that count and their groups; none where the notebooks refused them."""
    from analysis import estimates
    try:
        return estimates.groups_of(articles, group)
    except ValueError:
        return articles.head(0).assign(group=None)


def _card(store, choices):
    """The corpus in a few lines, from table `articles`."""
    articles, group = _table(store, "articles"), choices.get("GROUP", "outlet")
    if articles is None:
        return []
    counted, dates = _counted(articles, group), articles["date"].dropna()
    sizes = counted["group"].value_counts()
    built_in = store.source.is_relative_to(tables.ROOT)
    return [("source", store.source.name if built_in else "the user's own files"), ("topic", store.topic), ("articles", f"{len(articles):,}"), ("of them counted (originals, in English)", f"{len(counted):,}"),
            ("dates", f"{dates.min():%Y-%m-%d} to {dates.max():%Y-%m-%d}" if len(dates) else "not known"), ("words", f"{articles['n_words'].sum():,}"),
            (f"{store.label(group)}, articles counted", "; ".join(f"{g} {n}" for g, n in sizes.head(20).items()) + (" …" if len(sizes) > 20 else ""))]


def _checklist(store, choices):
    """What a reviewer asks, answered from the tables `reliability`, `estimates` and `articles`, and from the choices."""
    from analysis import estimates
    articles, reliability, estimated = _table(store, "articles"), _table(store, "reliability"), _table(store, "estimates")
    rows, judged = [], {}
    for name in ("tone", "frames"):
        table = _table(store, name, ["coder", "variable"])
        for coder, variables in table.drop_duplicates().groupby("coder")["variable"] if table is not None else ():
            judged.setdefault(coder, set()).update(v for v in variables if not v.endswith("_masked"))
    measured = set() if reliability is None else set(reliability["coder"])
    for r in () if reliability is None else reliability[reliability["group"] == "all"].head(60).itertuples():
        who = set(reliability.loc[reliability["variable"] == r.variable, "coder"])
        codes = "among themselves" if r.coder in WHO else next((f"beside {said}" for crowd, said in WHO.items() if crowd in who), "beside people's codes")
        number = lambda value: "undefined" if value != value else f"{value:.2f}"
        rows.append((f"{r.coder} on {r.variable}", f"{codes}, {r.n:,} units: alpha {number(r.alpha)}" + (f" ({r.alpha_low:.2f} to {r.alpha_high:.2f})" if r.alpha_low == r.alpha_low else "") + f", macro-F1 {number(r.macro_f1)}, r {number(r.pearson)}"))
    lacking = [f"{coder} ({', '.join(sorted(v.replace('_', ' ') for v in variables)) if len(variables) < 8 else f'{len(variables)} variables'})" for coder, variables in judged.items() if coder not in measured]
    if judged:
        rows.append(("not validated on this corpus", "; ".join([*lacking, "voices and speakers (notebook 03 has the detector beside the retellings' codes)", "agency"])))
    if articles is None:
        return rows
    counted = _counted(articles, choices.get("GROUP", "outlet"))
    sizes, twice = counted["group"].value_counts(), int(articles["duplicate_of"].notna().sum())
    rows.append(("corrected by hand coding", "; ".join(sorted(set(estimated.loc[estimated["kind"] == "corrected", "variable"]))) if estimated is not None and len(estimated) else f"nothing: every mean and share is {estimates.UNCORRECTED}"))
    rows.append(("intervals", f"95 %, percentile bootstrap over articles, 2,000 draws, fixed seed; corrected shares: t-intervals clustered by article; notebook 07: t-intervals over events or articles, widened for all differences; none under {estimates.INTERVAL_FROM} articles"))
    rows.append(("excluded", f"{twice:,} repetitions of an earlier article, {len(articles) - len(counted) - twice:,} not in English; headlines are coded, not counted"))
    small = [str(g) for g, n in sizes.items() if n < estimates.RANKED_FROM or g == estimates.NOT_KNOWN]
    rows.append(("listed, not ranked", f"{', '.join(small[:20])}{' …' if len(small) > 20 else ''} (fewer than {estimates.RANKED_FROM} articles, or not known)" if small else "no group"))
    rows.append(("compared with", "nothing: one article" if len(counted) == 1 else "raw groups in notebooks 01 to 06: topic, length and day differ between them" + ("; matched samples in notebook 07" if any(p.stem.startswith("07") for p in notebooks()) else "")))
    return [*rows, ("limits", "each notebook's section “What this does not show”")]


def _manifest(store, choices):
    """Versions, hashes and parameters."""
    rows = [(f"choice {name}", value if name not in ("CORPUS", "CODED", "CODEBOOK", "LEXICON", "TRAINED", "EMBEDDINGS", "STYLE") else Path(value).name) for name, value in sorted(choices.items())]
    rows += [("source, SHA-256", tables.fingerprint(store.source))]
    for name in tables.SCHEMAS:
        if store.path(name).is_file():
            try:
                rows.append((f"table {name}, content", store.footer(name)["content"]))
            except tables.TableError:
                rows.append((f"table {name}", "damaged"))
    rows += [(name, number or "not installed") for name, number in tables.versions("news-framing", *tables.INSTRUMENTS, "pyarrow", "matplotlib", "nbconvert").items()]
    return rows + [("Python", sys.version.split()[0])]


def _bound(store, folder):
    """Is the index there as the last good run left it?"""
    try:
        last = json.loads((store.folder / "runs" / "index.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return False
    return not last["failed"] and last["wrote"] == tables.fingerprint(folder / "index.html")


# ---- PDF ------------------------------------------------------------------------------------------------------------------------

def _browser():
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def _pdf(browser, folder):
    """All pages as one PDF, where a Chromium is found; true if it was printed anew."""
    pages = [folder / "index.html"] + [folder / f"{p.stem}.html" for p in notebooks() if (folder / f"{p.stem}.html").is_file()]
    texts = [page.read_text(encoding="utf-8") for page in pages]
    stamp, target = hashlib.sha256("".join(texts).encode()).hexdigest(), folder / "report.pdf"
    stamp_file = folder / ".report.pdf.sha256"
    if target.is_file() and stamp_file.is_file() and stamp_file.read_text(encoding="utf-8") == stamp + " " + tables.fingerprint(target):
        return False
    bodies = [re.search(r"<main[^>]*>(.*)</main>", text, re.S)[1] for text in texts]
    bodies = [re.sub(r'<a href="(?!#|https?:)(?:\w+\.html(#\w+)|[^"]*)"', lambda m: f'<a href="{m[1]}"' if m[1] else "<a", body) for body in bodies]  # within the file, or nowhere
    bodies[1:] = [body.replace("<h1", '<h1 class="part"', 1) for body in bodies[1:]]
    notices = "".join(re.findall(r'<p class="notice">.*?</p>', texts[0], re.S))
    head = texts[0].split("<body>")[0]
    with tempfile.TemporaryDirectory(prefix="nf-") as work:
        source, made = Path(work, "report.html"), Path(work, "report.pdf")
        source.write_text(f"{head}<body><main>{notices}{''.join(bodies)}</main></body></html>", encoding="utf-8")
        root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        command = [browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", *root,
                   f"--user-data-dir={work}/profile", "--no-pdf-header-footer", f"--print-to-pdf={made}", source.as_uri()]
        try:
            subprocess.run(command, capture_output=True, timeout=180, check=True)
            tables.write_atomically(target, made.read_bytes())
        except (subprocess.SubprocessError, OSError) as error:
            print(f"  report.pdf     not printed ({type(error).__name__}); the HTML pages are complete", file=sys.stderr)
            return False
    tables.write_atomically(stamp_file, stamp + " " + tables.fingerprint(target))
    return True
