"""Runs the notebooks on one corpus, renders each as a page, and binds the pages into a report. Only what changed is run again."""
import base64
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from analysis import tables

NOTEBOOKS = tables.ROOT / "notebooks"
CONSTRUCTED = ("The retellings were written for this project. The styles are not outlets, and nothing here is evidence about real media: "
               "they are a positive control, texts in which the differences to be found are known.")
NOT_FOR_PUBLICATION = "These pages quote sentences of the articles they are about: they are for your own reading, not for publication, unless the articles are free."
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


REFUSALS = ("TableError", "DictionaryError", "CodedSetError", "CodebookError", "TrainedError", "Refusal")  # say by themselves what was found and what to do


class NotebookFailed(Exception):
    """A cell of a notebook failed; the message names the notebook, the cell and the error."""


def notebooks(store=None):
    """The numbered notebooks in order; for a coded set, the one of validation."""
    return sorted(NOTEBOOKS.glob("06_*.ipynb" if store and store.coded else "[0-9][0-9]_*.ipynb"))


def report(store, choices, *, tell=print):
    """Run what is stale, render it, bind the pages. Returns the folder of the pages; raises `NotebookFailed` after saving what was made.

    Of a coded set (`CODED` among the choices) only the notebook of validation is run.
    """
    folder = tables.home() / "reports" / store.name
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
        try:
            _run(store, path, key, choices, run)
        except NotebookFailed as error:
            failure = error
            tell(f"  {path.stem:14} FAILED after {time.perf_counter() - clock:.1f} s")
            break
        done.append(path)
        changed.append(path)
        tell(f"  {path.stem:14} {time.perf_counter() - clock:5.1f} s")
    if failure or changed or not _bound(store, folder):
        _bind(store, folder, done, failure)
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
    """Hash of all that decides a notebook's outputs except its inputs: its source, the code it reaches, the page, the choices."""
    source = path.read_text(encoding="utf-8")
    page = [f.read_text(encoding="utf-8") for f in sorted((tables.ROOT / "analysis" / "page").iterdir())]
    style = (tables.ROOT / "analysis" / "house.mplstyle").read_text(encoding="utf-8")
    modules = tables.modules_in(source.replace('"', "\n").replace("\\n", "\n")) | {"report"}
    whole = [source, tables.code_hash(*sorted(modules)), tables.versions("matplotlib", "nbconvert"), page, style, sorted(choices.items())]
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
        client = NotebookClient(notebook, km=manager, timeout=None, record_timing=False, extra_arguments=["--log-level=ERROR"], resources={"metadata": {"path": str(NOTEBOOKS)}},
                                on_cell_executed=lambda **_: bar.update())
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("ANALYSIS_") or k == "ANALYSIS_HOME"}  # a terminal in JupyterLab carries that lab's choices
        settings = inherited | {f"ANALYSIS_{name}": str(value) for name, value in choices.items()} | {"ANALYSIS_RECORD": str(log), "PYTHONHASHSEED": "0"}
        try:
            client.execute(env=settings)
        except CellExecutionError as error:
            at = next((i for i in code if any(o.output_type == "error" for o in notebook.cells[i].get("outputs", []))), code[0])
            line = next((text for text in notebook.cells[at].source.splitlines() if text.strip()), "")
            where = path.stem if error.ename in REFUSALS else f"{path.stem}, cell {at + 1} ({line.strip()[:80]}): {error.ename}"
            raise NotebookFailed(f"{where}: {_plain(error.evalue)}") from None
        except RuntimeError as error:
            raise NotebookFailed(f"{path.stem}: the kernel died ({error}); out of memory is the usual cause.") from None
        entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    read = {what: sha for verb, what, sha in entries if verb == "read"}
    wrote = {what: sha for verb, what, sha in entries if verb == "wrote"}
    made = {f"data/derived/{store.name}/{name}.parquet" for name in tables.SCHEMAS}
    read = {what: sha for what, sha in read.items() if f"data/derived/{store.name}/{what}.parquet" not in wrote}
    page = tables.home() / "reports" / store.name / f"{path.stem}.html"
    tables.write_atomically(page, _render(store, path, notebook))
    wrote[page.relative_to(tables.home()).as_posix()] = tables.fingerprint(page)
    for orphan in set(last["wrote"] if last else ()) - set(wrote) - made:  # figures that this corpus no longer gives
        (tables.home() / orphan).unlink(missing_ok=True)
    tables.write_atomically(_run_file(store, path), json.dumps({"key": key, "read": read, "wrote": wrote, "told": [what for verb, what, _ in entries if verb == "told"], "seconds": round(time.perf_counter() - clock, 1)}, indent=1))


def _plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", str(text)).strip()[:600]


def title_of(path):
    """A notebook's title: its first heading."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = next(("".join(c["source"]) for c in cells if c["cell_type"] == "markdown"), path.stem)
    heading = re.search(r"^# +(.+)$", text, re.M)
    return heading[1].strip() if heading else path.stem


def _render(store, path, notebook):
    from nbconvert import HTMLExporter
    exporter = HTMLExporter(template_name="page", extra_template_basedirs=[str(tables.ROOT / "analysis")], exclude_anchor_links=True)
    everything = notebooks(store)
    at = everything.index(path)
    steps = [("Previous", everything[at - 1])] * (at > 0) + [("Next", p) for p in everything[at + 1:at + 2]]
    page = _page(store, f"{title_of(path)} · {store.name}", current=path)
    page["steps"] = [{"href": f"{p.stem}.html", "text": f"{word}: {title_of(p)}"} for word, p in steps]
    whole, _ = exporter.from_notebook_node(notebook, resources={"page": page})
    tables_seen = iter(range(1, 1000))
    whole = re.sub(r'aria-label="Table of cell \d+"', lambda _: f'aria-label="Table {next(tables_seen)}"', whole)
    return _answered(_numbered(whole, int(path.stem[:2])))


ANSWER = re.compile(r'<p class="answer">.*?</p>', re.S)


def _answered(whole):
    """The page's answer, computed in its last cell, under its title."""
    answer = ANSWER.search(whole)
    return ANSWER.sub("", whole, count=1).replace("</h1>", f"</h1>\n{answer.group()}", 1) if answer else whole


def _numbered(whole, chapter):
    """Figure captions with their numbers: Figure 4.2 is the second of notebook 04."""
    count = iter(range(1, 1000))
    return re.sub(r"<figcaption>", lambda _: f"<figcaption><b>Figure {chapter}.{next(count)}.</b> ", whole)


def _page(store, title, current=None):
    """What every page needs: links, style, notices, and what it was made with."""
    from pygments.formatters import HtmlFormatter
    links = [{"href": "index.html", "text": "Overview", "current": current is None}]
    links += [{"href": f"{p.stem}.html", "text": p.stem.replace("_", " "), "current": p == current} for p in notebooks(store)]
    css = (tables.ROOT / "analysis" / "page" / "page.css").read_text(encoding="utf-8")
    light, dark = (HtmlFormatter(style=style).get_style_defs(".highlight") for style in ("a11y-high-contrast-light", "a11y-high-contrast-dark")) if _has_a11y_styles() else (
        HtmlFormatter(style="default").get_style_defs(".highlight"), HtmlFormatter(style="github-dark").get_style_defs(".highlight"))
    code = f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n.highlight {{ background: none; }}"
    constructed = store.source == tables.ROOT / "data" / "retellings" or _holds_constructed(store)
    versions = tables.versions("news-framing", *tables.INSTRUMENTS, "matplotlib")
    return {"title": title, "css": css + code, "links": links, "steps": [], "notices": [CONSTRUCTED] if constructed else [NOT_FOR_PUBLICATION],
            "made": "Made with " + ", ".join(f"{name} {number}" for name, number in versions.items()) + f", Python {sys.version.split()[0]}. Corpus: {store.name}."}


def _holds_constructed(store):
    """Do any of the corpus's articles come from files named `constructed_…`, wherever they lie?"""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
    if not store.path("articles").is_file():
        return False
    return any(pc.any(pc.match_substring(column, "constructed_")).as_py() for column in pq.read_table(store.path("articles"), columns=["article_id", "source"]).columns)


def _has_a11y_styles():
    from pygments.styles import get_all_styles
    return {"a11y-high-contrast-light", "a11y-high-contrast-dark"} <= set(get_all_styles())


def _bind(store, folder, done, failure):
    """The index: what ran, the answers, every figure. Built as HTML, so that no text from a corpus is taken for markup."""
    from nbconvert import HTMLExporter
    from nbformat.v4 import new_code_cell, new_notebook, new_output
    text = html.escape
    lines = [f"<h1>{text(store.name)}: how is the story told?</h1>"]
    if failure:
        lines.append(f'<p class="status-failed">The last run failed: {text(str(failure).rstrip("."))}. Pages below it are missing or from an earlier run.</p>')
    lines.append("<h2>Pages</h2><ul>")
    for path in notebooks(store):
        page = folder / f"{path.stem}.html"
        if not page.is_file():
            lines.append(f"<li>{text(title_of(path))} (not run yet)</li>")
            continue
        answer = ANSWER.search(page.read_text(encoding="utf-8"))
        answer = answer.group().removeprefix('<p class="answer">').removesuffix("</p>") if answer else ""
        lines.append(f'<li><a href="{path.stem}.html">{text(title_of(path))}</a>{" — " + answer if answer else ""}{"" if path in done else " (from an earlier run)"}</li>')
    lines.append("</ul>")
    figures = tables.home() / "figures" / store.name
    notes = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(figures.glob("*.json"))]
    lines += ["<h2>Figures</h2>"] if notes else []
    for note in notes:
        picture = base64.b64encode((figures / f"{note['figure']}.svg").read_bytes()).decode()
        place = next((p.stem for p in notebooks(store) if p.stem[:2] == note["figure"][:2]), "index")
        lines.append(f'<figure><img alt="{text(note["alt"])}" src="data:image/svg+xml;base64,{picture}">'
                     f'<figcaption>{text(note["caption"])} <a href="{place}.html#{note["figure"]}">In its notebook: {note["figure"]}</a></figcaption></figure>')
    exporter = HTMLExporter(template_name="page", extra_template_basedirs=[str(tables.ROOT / "analysis")], exclude_anchor_links=True)
    cell = new_code_cell(outputs=[new_output("display_data", {"text/html": "\n".join(lines)})])
    whole, _ = exporter.from_notebook_node(new_notebook(cells=[cell]), resources={"page": _page(store, f"{store.name}: report")})
    index = folder / "index.html"
    tables.write_atomically(index, whole)
    tables.write_atomically(store.folder / "runs" / "index.json", json.dumps({"wrote": tables.fingerprint(index), "failed": bool(failure)}))


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
    if target.is_file() and stamp_file.is_file() and stamp_file.read_text() == stamp + " " + tables.fingerprint(target):
        return False
    bodies = [re.search(r"<main[^>]*>(.*)</main>", text, re.S)[1] for text in texts]
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
