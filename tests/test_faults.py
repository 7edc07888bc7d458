"""Killed, out of disk, two at once, another locale: what is there is whole, the next run does what is missing, the numbers are the same."""
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest
from conftest import compare_figures, run

from analysis import tables

STORY = "The council said on Monday that the bridge would be closed. “It is a sad day,” the mayor, Anna Lund, said.\n\nFamilies spoke of their fear. Nobody was hurt.\n"
# The pipeline's functions on one corpus, each table made only where it is not whole; a process per home, killed at a moment (the n-th time that a file is about to be safe or in place).
PIPELINE = '''
import json, os, resource, signal, sys
from analysis import agency, corpus, framing, sentiment, tables, tokens, voices
def work(source, home, moment, limit):
    os.environ["ANALYSIS_HOME"] = home
    made, seen, plain = [], [0], {name: getattr(os, name) for name in ("fsync", "replace")}
    def dying(name):
        def call(*words):
            seen[0] += 1
            if seen[0] == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return plain[name](*words)
        return call
    for name in plain:
        setattr(os, name, dying(name))
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        store = tables.Store(source)
        with tables.alone(store.name):
            held = {}
            def step(name, make, *made_from):
                try:
                    held[name] = store.read(name)
                except tables.TableError:
                    held[name] = store.write(name, make(), made_from=made_from)
                    made.append(name)
            step("articles", lambda: corpus.mark_duplicates(corpus.mark_language(corpus.clean(corpus.read(store.source)[0])[0])), "source")
            step("sentences", lambda: tokens.split_sentences(held["articles"]), "articles")
            step("tokens", lambda: tokens.split_tokens(held["sentences"]), "sentences")
            step("segments", lambda: voices.find_voices(held["articles"], held["sentences"], held["tokens"]), "articles", "sentences", "tokens")
            step("tone", lambda: sentiment.code_tone(held["sentences"], held["tokens"], held["articles"], held["segments"]), "articles", "sentences", "tokens", "segments")
            step("agency", lambda: agency.find_acts(held["sentences"], held["tokens"], agency.read_actors(), held["segments"]), "articles", "sentences", "tokens", "segments")
            step("frames", lambda: framing.code_frames(held["sentences"], held["tokens"], held["articles"], framing.read_codebooks(), held["segments"], held["agency"]), "sentences", "tokens", "agency")
    except OSError as error:
        made.append(error.strerror)
    return made
for line in sys.stdin:
    source, home, moment, limit = json.loads(line)
    back, out = os.pipe()
    if not (child := os.fork()):
        os.write(out, json.dumps(work(source, home, moment, limit)).encode())
        os._exit(0)
    os.close(out)
    said = os.fdopen(back).read()
    print(json.dumps([os.waitpid(child, 0)[1], json.loads(said or "null")]), flush=True)
'''


def pipeline(*jobs, **settings):
    """What each job (source, home, moment or 0, limit of bytes or 0) ended with: (signal, the tables made)."""
    done = subprocess.run([sys.executable, "-c", PIPELINE], input="".join(json.dumps([str(a), str(b), *rest]) + "\n" for a, b, *rest in jobs), env=os.environ | settings,
                          cwd=tables.ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def tree(home):
    """The bytes of all files by path; a file half-written aside bears a name of its own and is none of them."""
    return {p.relative_to(home).as_posix(): p.read_bytes() for p in sorted(home.rglob("*")) if p.is_file() and not re.fullmatch(r"\..+\.\d+|\.running", p.name)}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults") / "papers"
    for i in range(3):
        (folder / f"p{i}").mkdir(parents=True)
        (folder / f"p{i}" / "a.txt").write_text(f" date 2023-10-0{i + 1} {STORY}" + f"Word{i} follows. " * i, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def whole(source):
    home = source.parent / "whole"
    assert pipeline((source, home, 0, 0))[0][1] == ["articles", "sentences", "tokens", "segments", "tone", "agency", "frames"]
    return tree(home)


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system kills otherwise")


@needs_fork
@pytest.mark.parametrize("moment", [1, 4, 7, 10, 15])
def test_killed_at_any_moment_every_file_is_whole_or_absent_and_the_next_run_does_the_rest(source, whole, tmp_path, moment):
    (signal, _), *_ = pipeline((source, tmp_path / "home", moment, 0))
    left = tree(tmp_path / "home") if (tmp_path / "home").exists() else {}
    assert signal == 9 and left.items() <= whole.items() and len(left) == (moment - 1) // 2
    (signal, made), = pipeline((source, tmp_path / "home", 0, 0))
    assert signal == 0 and tree(tmp_path / "home") == whole and len(made) == len(whole) - max(1, len(left)), "only what was missing is made"
    assert not [p for p in (tmp_path / "home").rglob(".*")], "nothing half-written stays"


@needs_fork
def test_out_of_disk_leaves_what_was_there(source, whole, tmp_path):
    home = tmp_path / "home"
    limit = sorted(map(len, whole.values()))[-2]
    (_, made), = pipeline((source, home, 0, limit))
    assert made[-1] == "File too large" and tree(home).items() <= whole.items() and not [p for p in home.rglob(".*")]
    assert pipeline((source, home, 0, 0))[0][0] == 0 and tree(home) == whole


@needs_fork
def test_the_same_tables_in_another_locale_time_zone_umask_and_hash_seed(source, whole, tmp_path):
    for i, (locale, zone, mask) in enumerate([("C", "Asia/Tehran", 0o077), ("C.UTF-8", "America/St_Johns", 0o002)]):
        before = os.umask(mask)
        try:
            pipeline((source, tmp_path / str(i), 0, 0), LC_ALL=locale, TZ=zone, PYTHONHASHSEED="random")
        finally:
            os.umask(before)
        assert tree(tmp_path / str(i)) == whole


def test_the_same_figures_in_another_locale_time_zone_and_umask(tmp_path, monkeypatch):
    for name, value in (("LC_ALL", "C"), ("TZ", "Asia/Tehran"), ("PYTHONHASHSEED", "random")):
        monkeypatch.setenv(name, value)
    before = os.umask(0o077)
    try:
        run("report", "CORPUS=retellings", home=tmp_path / "home", pdf=False)
    finally:
        os.umask(before)
    compare_figures("retellings", tmp_path / "home" / "figures" / "retellings")


@pytest.mark.skipif("OTHER_PYTHON" not in os.environ, reason="no other Python is named: OTHER_PYTHON=path/to/its/environment/bin/python")
def test_another_python_gives_the_same_numbers(retellings_run, tmp_path):
    done = subprocess.run([os.environ["OTHER_PYTHON"], "-m", "analysis", "report", "CORPUS=retellings"], cwd=tables.ROOT, env=os.environ | {"ANALYSIS_HOME": str(tmp_path), "PYTHONPATH": str(tables.ROOT)},
                          capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    compare_figures("retellings", tmp_path / "figures" / "retellings")
    ours, theirs = ({p.name: pd.read_parquet(p) for p in (home / "data" / "derived" / "retellings").glob("*.parquet")} for home in (retellings_run[0], tmp_path))
    assert ours.keys() == theirs.keys() and len(ours) > 8
    for name in ours:
        pd.testing.assert_frame_equal(ours[name], theirs[name], rtol=1e-9, atol=1e-9, obj=name)


# ---- two at once, and where nothing can be written ------------------------------------------------------------------------------

def test_a_second_run_says_who_is_at_work_and_ends(source, tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path / "home"))
    store = tables.Store(source)
    with tables.alone(store.name):
        before = tree(tmp_path / "home")
        second = run("report", f"CORPUS={source}", home=tmp_path / "home", code=2)
        assert second.stderr.startswith(f"Another run (process {os.getpid()}) is at work on `papers`") and tree(tmp_path / "home") == before
    assert not (store.folder / ".running").exists()


@needs_fork
def test_no_other_command_reads_or_writes_under_a_run_and_an_open_lab_blocks_none(source, whole, tmp_path, monkeypatch):
    home = tmp_path / "home"
    shutil.copytree(source.parent / "whole", home)
    monkeypatch.setenv("ANALYSIS_HOME", str(home))
    words = {"sample": ["VARIABLES=voice", "ARTICLES=2"], "collect": [], "export": [], "lab": ["--version"]}
    store = tables.Store(source)
    run("sample", f"CORPUS={source}", "VARIABLES=voice", "ARTICLES=2", home=home)
    with tables.alone(store.name):
        before = tree(home)
        for verb, more in words.items():
            done = run(verb, f"CORPUS={source}", *more, home=home, code=2)
            assert done.stderr.startswith(f"Another run (process {os.getpid()}) is at work on `papers`") and len(done.stderr.splitlines()) == 1 and tree(home) == before, verb
        monkeypatch.setenv("ANALYSIS_LAB", "1")                       # a cell in JupyterLab
        with pytest.raises(tables.TableError, match="is at work on `papers`"):
            store.write("articles", store.read("articles"), made_from=["source"])
        assert tree(home) == before
    mine = store.folder / ".x.parquet.4711"                           # what another notebook of the lab is writing
    mine.write_text("", encoding="utf-8")
    store.write("articles", store.read("articles"), made_from=["source"])
    assert mine.exists() and not (store.folder / ".running").exists()
    assert run("lab", f"CORPUS={source}", "--version", home=home).stdout and "Written to" in run("export", f"CORPUS={source}", home=home).stdout and not mine.exists()


def test_a_dead_runs_lock_and_leavings_are_taken_over(source, home):
    store = tables.Store(source)
    left = [store.folder / ".running", store.folder / ".tokens.parquet.4711", tables.home() / "figures" / "papers" / ".x.svg.4711", tables.home() / "reports" / "papers" / ".index.html.4711"]
    kept = store.folder / ".mine"
    for path in [*left, kept]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("4711", encoding="utf-8")
    with tables.alone(store.name):
        assert left[0].read_text(encoding="utf-8") == str(os.getpid()) and not any(p.exists() for p in left[1:])
    assert kept.exists() and not left[0].exists()


def test_many_at_once_one_works(source, home):
    store, inside, most = tables.Store(source), [], []

    def work():
        try:
            with tables.alone(store.name):
                inside.append(1)
                most.append(len(inside))
                inside.pop()
        except tables.TableError:
            pass
    threads = [threading.Thread(target=work) for _ in range(20)]
    [t.start() for t in threads], [t.join() for t in threads]
    assert set(most) == {1}


def test_where_nothing_can_be_written_one_line_says_so(source, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run("report", f"CORPUS={source}", home=tmp_path / "file" / "home", code=1, cwd=tmp_path)
    assert "Not a directory" in done.stderr and "the same command does the rest" in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_kernel_that_dies_as_it_begins_is_one_line(source, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import os, sys\nif 'ipykernel_launcher' in sys.orig_argv:\n    os._exit(1)\n", encoding="utf-8")
    done = run("report", f"CORPUS={source}", home=tmp_path / "home", code=1, pdf=False, PYTHONPATH=os.pathsep.join([str(tmp_path), str(tables.ROOT)]))
    assert done.stderr.strip().splitlines()[-1].startswith("01_corpus: the kernel died (") and "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) <= 2


# ---- nobody let in --------------------------------------------------------------------------------------------------------------

SHUT = '''
import socket, sys
def shut(*words, **named):
    print("reached the network", words, file=sys.stderr)
    raise SystemExit("network")
for name in ("getaddrinfo", "create_connection", "gethostbyname"):
    setattr(socket, name, shut)
plain = socket.socket.connect
socket.socket.connect = lambda self, address: plain(self, address) if self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1") else shut(address)
'''


def test_a_report_reaches_no_network_and_writes_only_where_it_may(source, tmp_path):
    """With every door to the network shut in the runner and in its kernels (`sitecustomize`), a report on a corpus at hand passes; nothing else in the folders it can reach has changed."""
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut" / "sitecustomize.py").write_text(SHUT, encoding="utf-8")
    before = tree(source.parent / "papers"), subprocess.run(["git", "status", "--short"], cwd=tables.ROOT, capture_output=True, text=True, encoding="utf-8").stdout
    (source.parent / "papers" / "zz.ipynb").write_text("{}", encoding="utf-8")
    (source.parent / "papers" / "sitecustomize.py").write_text("raise SystemExit('executed')", encoding="utf-8")
    probe = subprocess.run([sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 80))"], env=os.environ | {"PYTHONPATH": f"{tmp_path / 'shut'}"}, capture_output=True, text=True, encoding="utf-8")
    assert "reached the network" in probe.stderr, "the doors are shut"
    try:
        done = run("report", f"CORPUS={source}", home=tmp_path / "home", pdf=False, PYTHONPATH=os.pathsep.join([str(tmp_path / "shut"), str(tables.ROOT)]))
    finally:
        for name in ("zz.ipynb", "sitecustomize.py"):
            (source.parent / "papers" / name).unlink()
    assert "reached the network" not in done.stderr and "zz.ipynb: found the ending" in done.stdout
    assert before == (tree(source.parent / "papers"), subprocess.run(["git", "status", "--short"], cwd=tables.ROOT, capture_output=True, text=True, encoding="utf-8").stdout)
    assert {p.name for p in (tmp_path / "home").iterdir()} == {"data", "figures", "reports"} and {p.name for p in (tmp_path / "home" / "data").iterdir()} == {"derived"}
    for page in (tmp_path / "home" / "reports").rglob("*.html"):
        assert "Content-Security-Policy" in page.read_text(encoding="utf-8"), page.name


def calls():
    """(file, name of what is called, call) of all calls in the package and the tests."""
    for path in sorted([*(tables.ROOT / "analysis").glob("*.py"), *(tables.ROOT / "tests").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path, ast.unparse(node.func), node


def test_nothing_is_executed_and_no_shell_is_asked():
    ours = [(path.name, name, node) for path, name, node in calls() if path.parent.name == "analysis"]
    assert len(ours) > 3000
    for path, name, node in ours:
        last = name.rpartition(".")[2]
        named = {k.arg: ast.unparse(k.value) for k in node.keywords}
        assert name not in ("eval", "exec", "compile", "__import__", "os.system", "os.popen") and "pickle" not in name and "joblib" not in name, (path, name)
        assert named.get("shell", "False") == "False" and named.get("allow_pickle", "False") == "False", (path, name)
        assert name != "np.load" or named.get("allow_pickle") == "False", (path, name)
        assert not name.startswith("yaml.") or last in ("parse", "compose") and "Loader" in named, "YAML is composed to nodes, and nothing is constructed from it"
        assert last not in ("from_string", "Template"), "templates are files of the project's"


def test_every_text_file_is_opened_with_its_encoding():
    bare, seen = [], 0
    for path, name, node in calls():
        last, named = name.rpartition(".")[2], {k.arg for k in node.keywords}
        text = last in ("read_text", "write_text") or last == "open" and name not in ("os.open", "browser.open", "opener.open") and not any(isinstance(a, ast.Constant) and isinstance(a.value, str) and "b" in a.value and len(a.value) < 4 for a in node.args)
        seen += text
        if text and "encoding" not in named:
            bare.append(f"{path.name}:{node.lineno}")
        if name in ("subprocess.run", "subprocess.check_output") and ({"text", "universal_newlines"} & named) and "encoding" not in named:
            bare.append(f"{path.name}:{node.lineno}")
    assert seen > 100 and bare == []


def test_names_of_files_that_are_made_hold_on_every_system(source, tmp_path):
    made = [p for folder in (tables.ROOT / "figures", tables.ROOT / "data", tables.ROOT / "notebooks") for p in folder.rglob("*")]
    assert len(made) > 100 and not [p.name for p in made if re.search(r'[<>:"/\\|?*\x00-\x1f]|[ .]$', p.name) or re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", p.name)]


# ---- the command's own words ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("words, message", [(["report", "CORPSE=x"], "did you mean CORPUS=x?"), (["report", "corpus=x"], "did you mean CORPUS=x?"), (["reprot"], "did you mean report?"),
                                            (["report", "CORPUS=~nobody-of-this-name/x"], "names no user"), (["collect", "FILES=a.csv,~nobody-of-this-name"], "names no user"), (["report", "CORPUS=a", "CORPUS=b"], "stands twice: a and b"),
                                            (["report", "LEXICON=nowhere"], "LEXICON=nowhere: no such file"), (["lab", f"LEXICON={sys.executable}"], "no text in UTF-8"), (["report", f"STYLE={sys.executable}"], "no text in UTF-8"), (["report", "STYLE=."], "STYLE=.: Is a directory"), (["report", "TRAINED=nowhere"], "no such coder")])
def test_a_wrong_word_is_refused_in_one_line_before_anything_is_done(tmp_path, words, message):
    done = run(*words, home=tmp_path / "home", code=2)
    assert message in done.stderr and len(done.stderr.splitlines()) == 1 and not (tmp_path / "home").exists()


def test_a_python_without_the_packages_says_so_in_one_line(tmp_path):
    done = subprocess.run([sys.executable, "-S", "-m", "analysis", "report", "CORPUS=retellings"], cwd=tables.ROOT, env=os.environ | {"ANALYSIS_HOME": str(tmp_path)}, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "has no pandas" in done.stderr and "make report" in done.stderr and "pip install" in done.stderr
