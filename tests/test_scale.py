"""Tables made by partitions are the notebooks' tables, whatever the number of parts and workers, and whoever dies on the way."""
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from importlib.util import find_spec

import pandas as pd
import pytest
from conftest import articles_of, run
from test_trained import coded_set

from analysis import scale, tables, trained

needs_dask = pytest.mark.skipif(find_spec("distributed") is None, reason="Dask is not installed (pip install -e '.[scale]')")
CODE = tables.code_hash("scale")


def stored(run_, tmp_path, monkeypatch):
    """A copy of a corpus's tables in a home of its own, and the hashes that the notebooks' tables have."""
    shutil.copytree(run_[0] / "data" / "derived", tmp_path / "own" / "data" / "derived")
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path / "own"))
    store = tables.Store("retellings")
    return store, hashes(store)


def hashes(store):
    return {name: store.content(name) for name in scale.MADE}


def into(store, parts):
    """`articles` in so many partitions."""
    size = store.read("articles")["text"].str.len()
    return next(s for s in range(int(size.sum()), 0, -50) if len(scale.partitions(store.read("articles"), s)) >= parts)


def in_parts(articles, size, folder, choices=None):
    """{table: its rows}, made here one partition after the other."""
    keys = [scale.work(articles.iloc[a:b].reset_index(drop=True), f"{size}-{a}", folder, choices or {}, CODE) for a, b in scale.partitions(articles, size)]
    return len(keys), {name: pd.concat([tables._read_part(folder / key / f"{name}.parquet")[0].to_pandas() for key in keys], ignore_index=True) for name in scale.MADE}


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_the_chain_makes_the_notebooks_tables_in_any_number_of_parts(retellings_run, tmp_path, monkeypatch, parts):
    store, wanted = stored(retellings_run, tmp_path, monkeypatch)
    found, made = in_parts(store.read("articles"), into(store, parts), tmp_path)
    assert found == parts and {name: tables.content_hash(table) for name, table in made.items()} == wanted


def test_what_the_joined_tables_say_they_are_made_from_is_what_the_notebooks_say(retellings_run, tmp_path, monkeypatch):
    store, _ = stored(retellings_run, tmp_path, monkeypatch)
    for name, sources in scale.made_from({}).items():
        assert store._inputs(name, sources) == store.footer(name)["made_from"], name


def test_other_languages_names_out_of_order_and_divided_sentences_keep_their_rows(tmp_path):
    spoken = "“The bridge is unsafe,” the mayor, Anna Lund, said on Monday, and Iran attacked it. Nobody was killed."
    table = articles_of(spoken, "La paix est loin. La guerre dure.", spoken.replace("Anna", "Ines"), "It rained.", "Der Krieg dauert an.", spoken + " Prices rose.")
    table["language"], table["article_id"] = ["en", "fr", "en", None, "de", "en"], ["b-10", "b-9", "a", "z", "c", "B"]
    whole = in_parts(table, 10**6, tmp_path / "whole")[1]
    for size in (1, 60, 200):
        parts, made = in_parts(table, size, tmp_path / str(size))
        assert parts > 1 and {n: tables.content_hash(t) for n, t in made.items()} == {n: tables.content_hash(t) for n, t in whole.items()}


@pytest.mark.parametrize("judges", ["tone", "topic"])
def test_ones_own_list_codebook_and_coder_keep_their_rows(tmp_path, judges):
    (tmp_path / "mine.csv").write_text("bridge,-2\nrained,1\n", encoding="utf-8")
    book = "codebook: mine\ntitle: T\nafter: us\nvariables:\n  water: {definition: d, question: q, indicators: {a: {reason: r, terms: [bridge, rain*]}}, rule: a}\n"
    (tmp_path / "mine.yaml").write_text(book, encoding="utf-8")
    units, words, values = coded_set(60, labels=judges == "topic")
    coder, _ = trained.train(units, words, values.map({-1: "bad", 0: "none", 1: "good"}) if judges == "topic" else values, variable=judges)
    choices = {"LEXICON": str(tmp_path / "mine.csv"), "CODEBOOK": str(tmp_path / "mine.yaml"), "TRAINED": str(coder.save(tmp_path / "learnt", "# Card"))}
    table = articles_of("“The bridge is unsafe,” the mayor said, and it rained. A grim day.", "La paix est loin.", "It rained. Nobody was killed.", "A splendid bridge.")
    table["language"] = ["en", "fr", None, "en"]
    whole = in_parts(table, 10**6, tmp_path / "whole", choices)[1]
    assert {"mine", "learnt"} <= set(whole["tone"]["coder"]) | set(whole["frames"]["coder"]) and "mine" in set(whole["frames"]["coder"])
    parts, made = in_parts(table, 1, tmp_path / "parts", choices)
    assert parts > 1 and {n: tables.content_hash(t) for n, t in made.items()} == {n: tables.content_hash(t) for n, t in whole.items()}


def test_partitions_tile_the_articles():
    table = articles_of(*["word " * 20] * 7)
    assert scale.partitions(table, 1) == [(n, n + 1) for n in range(7)] and scale.partitions(table, 10**6) == [(0, 7)]
    assert scale.partitions(table, 200) == [(0, 2), (2, 4), (4, 6), (6, 7)] and scale.partitions(table, 700) == [(0, 7)]


def test_a_partition_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    write = tables.write_part
    monkeypatch.setattr(tables, "write_part", lambda path, table: 1 / 0 if path.stem == "frames" else write(path, table))
    with pytest.raises(ZeroDivisionError):
        scale.work(articles_of("It rained."), "one", tmp_path, {}, CODE)
    assert not list(tmp_path.iterdir())


def test_a_worker_with_other_code_is_refused(tmp_path):
    with pytest.raises(tables.TableError, match="another version"):
        scale.work(articles_of("It rained."), "one", tmp_path, {}, "0" * 64)


def test_a_notebooks_own_choices_hold_for_the_partitions():
    assert scale._choices_of("05_framing")["DRAWS"] == 4999 and "EVENTS" in scale._choices_of("04_sentiment")


def test_a_table_made_in_parts_is_not_made_again_and_any_other_is(retellings_run, tmp_path, monkeypatch):
    store, wanted = stored(retellings_run, tmp_path, monkeypatch)
    sentences, calls = store.read("sentences"), []
    write = lambda: store.write("sentences", lambda: calls.append(1) or sentences, made_from=scale.made_from({})["sentences"])
    monkeypatch.setenv("ANALYSIS_ENGINE", "dask")
    write()
    assert calls == [1], "a table that the notebook made may rest on other choices of the notebook's"
    parts, first = [tmp_path / f"{n}.parquet" for n in range(3)], sentences["article_id"] == sentences["article_id"].iloc[0]
    for path, part in zip(parts, (sentences.head(0), sentences[first], sentences[~first])):
        tables.write_part(path, part)
    store.write_parts("sentences", parts, made_from=scale.made_from({})["sentences"], stamp="x")
    assert tables.content_hash(write()) == wanted["sentences"] == store.content("sentences") and calls == [1]
    monkeypatch.delenv("ANALYSIS_ENGINE")
    write()
    assert calls == [1, 1], "without the word nothing is taken over"


def test_a_damaged_part_is_named_with_the_remedy(retellings_run, tmp_path, monkeypatch):
    store, wanted = stored(retellings_run, tmp_path, monkeypatch)
    path = tmp_path / "parts" / "one.parquet"
    path.parent.mkdir()
    tables.write_part(path, store.read("sentences"))
    whole = path.read_bytes()
    for content in (whole[:200] + bytes(8) + whole[208:], whole[:-20], b""):
        path.write_bytes(content)
        with pytest.raises(tables.TableError, match="delete the folder .*parts and run the same command again"):
            store.write_parts("sentences", [path], made_from=scale.made_from({})["sentences"], stamp="x")
        assert store.content("sentences") == wanted["sentences"] and not list(store.folder.glob(".sentences*"))


def test_without_dask_the_remedy_is_told(retellings_run, tmp_path, monkeypatch):
    store, _ = stored(retellings_run, tmp_path, monkeypatch)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(tables.TableError, match=r"pip install -e '\.\[scale\]'"):
        scale.make(store, {}, tell=lambda said: None)


def test_words_that_do_not_fit_are_refused(tmp_path):
    for words in (["ENGINE=spark"], ["SCHEDULER=tcp://127.0.0.1:1"]):
        assert "expected dask" in run("report", "CORPUS=retellings", *words, home=tmp_path / "home", code=2).stderr


# ---- with Dask ------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def scheduler(tmp_path):
    """(its process, its address) of a scheduler with one worker, as on a cluster."""
    start = lambda *words: subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    place = tmp_path / "scheduler.json"
    first = start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(place))
    second = start("distributed.cli.dask_worker", "--scheduler-file", str(place), "--nthreads", "1", "--no-dashboard")
    try:
        while not (place.is_file() and "address" in place.read_text(encoding="utf-8")):
            assert first.poll() is None
            time.sleep(0.05)
        yield first, tables.json.loads(place.read_text(encoding="utf-8"))["address"]
    finally:
        for process in (first, second):
            process.poll() is None and os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def fresh(store):
    """No table of notebooks 02 to 05 is there."""
    for name in scale.MADE:
        store.path(name).unlink(missing_ok=True)
    return store


@needs_dask
@pytest.mark.parametrize("parts, workers", [(1, 1), (2, 2), (5, 2)])
def test_the_same_tables_by_any_number_of_partitions_and_workers(retellings_run, tmp_path, monkeypatch, parts, workers):
    store, wanted = stored(retellings_run, tmp_path, monkeypatch)
    said = []
    scale.make(fresh(store), {}, size=into(store, parts), workers=workers, tell=said.append)
    assert hashes(store) == wanted and "not worth it" in said[0] and f"{parts} to make" in said[1]


@needs_dask
def test_a_rerun_makes_only_what_is_missing(retellings_run, tmp_path, monkeypatch):
    store, wanted = stored(retellings_run, tmp_path, monkeypatch)
    size = into(store, 5)
    scale.make(fresh(store), {}, size=size, workers=1, tell=lambda said: None)
    before = {path: path.stat().st_mtime_ns for path in (store.folder / "partitions").iterdir()}
    shutil.rmtree(gone := next(iter(before)))
    fresh(store)
    said = []
    scale.make(store, {}, size=size, workers=1, tell=said.append)
    after = {path: path.stat().st_mtime_ns for path in (store.folder / "partitions").iterdir()}
    assert "5 partitions, 1 to make" in said[-1] and {path for path in before if before[path] != after[path]} == {gone} and hashes(store) == wanted
    said.clear()
    scale.make(store, {}, size=size, tell=said.append)
    assert not said, "all is there"


@needs_dask
def test_a_killed_worker_loses_nothing(retellings_run, tmp_path, monkeypatch):
    from distributed import Client, LocalCluster
    store, wanted = stored(retellings_run, tmp_path, monkeypatch)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50) as cluster, Client(cluster, set_as_default=False) as client:
        pids = client.run(os.getpid)
        made = threading.Thread(target=scale.make, args=(fresh(store), {"SCHEDULER": cluster.scheduler_address}), kwargs={"size": into(store, 5), "tell": lambda said: None})
        made.start()
        while not (busy := [worker for worker, tasks in client.processing().items() if tasks]):
            time.sleep(0.02)
        assert not hashed(store), "in mid-run: nothing is done yet"
        os.kill(pids[busy[0]], signal.SIGKILL)
        made.join(600)
        assert not made.is_alive() and pids[busy[0]] not in client.run(os.getpid).values()
    assert hashes(store) == wanted


def hashed(store):
    return [path for path in (store.folder / "partitions").glob("*") if path.is_dir() and not path.name.startswith(".")]


@needs_dask
def test_a_scheduler_that_dies_is_named_and_what_is_done_stays(retellings_run, tmp_path, monkeypatch, scheduler):
    store, wanted = stored(retellings_run, tmp_path, monkeypatch)
    process, address = scheduler

    def kill():
        while not hashed(store):
            time.sleep(0.01)
        process.kill()

    threading.Thread(target=kill, daemon=True).start()
    size = into(store, 5)
    with pytest.raises(scale.Stopped, match=r"the scheduler at .* is lost\. [1-4] of 5 partitions were made and stay"):
        scale.make(fresh(store), {"SCHEDULER": address}, size=size, tell=lambda said: None)
    done, said = len(hashed(store)), []
    assert 0 < done
    scale.make(store, {}, size=size, workers=1, tell=said.append)
    assert f"{5 - done} to make" in said[-1] and hashes(store) == wanted


@needs_dask
def test_the_report_by_partitions_is_the_report(retellings_run, tmp_path):
    """The command, in this machine's processes; and a scheduler that is not there: a message, and exit code 2."""
    home = tmp_path / "home"
    refused = run("report", "CORPUS=retellings", "ENGINE=dask", "SCHEDULER=tcp://127.0.0.1:1", home=home, code=2, pdf=False)
    assert "no Dask scheduler answers there" in refused.stderr and "Traceback" not in refused.stderr
    done = run("report", "CORPUS=retellings", "ENGINE=dask", home=home, pdf=False)
    assert "not worth it" in done.stdout and "01_corpus      unchanged" in done.stdout
    for path in sorted((home / "figures" / "retellings").iterdir()):
        assert path.read_bytes() == (retellings_run[0] / "figures" / "retellings" / path.name).read_bytes(), path.name
    again = run("report", "CORPUS=retellings", home=home, pdf=False)
    assert again.stdout.count("unchanged") == 8, "the word ENGINE is no choice of any notebook"
