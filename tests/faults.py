"""`make faults N=100`: whole runs on a small corpus, killed at random moments, on a full and on a read-only disk; each time every file must be whole or absent,
and the run that follows must end in the tree of an undisturbed run, byte by byte. Prints what it did; the exit code says whether all held.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
STORY = ("The council of {town} said on Monday that the old bridge over the river would be closed for a year. “It is a sad day for all of us, and nobody asked us about it,” the mayor, {name}, "
         "said. Shopkeepers blamed the government for the cost, and families spoke of their fear. {name} said that the work would begin in May. Two people were hurt in a clash with the police.\n\n")


def start(corpus, home, **more):
    return subprocess.Popen([sys.executable, "-m", "analysis", "report", f"CORPUS={corpus}"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
                            env=os.environ | {"ANALYSIS_HOME": str(home), "PATH": str(Path(sys.executable).parent)}, **more)


def tree(home):
    """The files by path; of the record of a run, all but how long it took and where. What is half-written aside, and the lock, are no files of the tree."""
    found = {}
    for path in sorted(p for p in home.rglob("*") if p.is_file() and not re.fullmatch(r"\..+\.\d+|\.running", p.name)):
        content = path.read_bytes()
        found[path.relative_to(home).as_posix()] = json.dumps(json.loads(content) | {"seconds": 0}, sort_keys=True).replace(str(home), "").encode() if path.parent.name == "runs" else content
    return found


def compare(home, whole, *, done):
    """What is wrong with a tree: a file that the undisturbed run has not, or has otherwise; in the end (`done`) one that is missing, or left half-written."""
    now = tree(home)
    index = lambda name: not done and (name.endswith("index.html") or name.endswith("index.json"))  # they name the pages there are so far
    wrong = [name for name, content in now.items() if whole.get(name) != content and not index(name)]
    return wrong + ([name for name in whole if name not in now] + [p.name for p in home.rglob(".*") if re.fullmatch(r"\..+\.\d+", p.name)] if done else [])


def main(times, seed):
    chance, wrong, finished, work = random.Random(seed), [], 0, Path(tempfile.mkdtemp(prefix="nf-faults-"))
    for i, (town, name) in enumerate([("Holm", "Anna Lund"), ("Arn", "Otto Brandt"), ("Vik", "Ines Berg")]):
        (work / "papers" / f"p{i}").mkdir(parents=True)
        (work / "papers" / f"p{i}" / "a.txt").write_text(f" date 2023-10-0{i + 1} " + STORY.format(town=town, name=name) * (i + 2), encoding="utf-8")
    clock = time.monotonic()
    first = start(work / "papers", work / "whole")
    assert "Done in" in first.communicate()[0], "an undisturbed run"
    took, whole, home, laps = time.monotonic() - clock, tree(work / "whole"), work / "home", 0
    print(f"undisturbed: {len(whole)} files, {took:.0f} s; seed {seed}", flush=True)
    for n in range(times):
        run = start(work / "papers", home)
        try:
            said, _ = run.communicate(timeout=chance.uniform(0, took / 3))  # some notebooks further each time: in whatever state the next one begins
            finished += 1                                             # it ended before its moment came
            wrong += [(n, said, bad)] if (bad := compare(home, whole, done=True)) or run.returncode else []
            shutil.rmtree(home)
        except subprocess.TimeoutExpired:
            power = n % 2 == 0                                        # the power goes: kernels die, too; else only the runner is killed
            kernels = psutil.Process(run.pid).children(recursive=True) if power else []
            for process in [run, *kernels]:
                try:
                    process.kill()
                except psutil.NoSuchProcess:
                    pass
            run.communicate()
            laps += 1
            bad = compare(home, whole, done=False) if home.exists() else []
            wrong += [(n, bad)] if bad else []
        if wrong and wrong[-1][0] == n:
            print(f"\nWRONG: {wrong[-1]}", flush=True)
        print(f"\r{n + 1} of {times}: {laps} killed, {finished} ended first, {len(wrong)} wrong", end="", flush=True)
    time.sleep(2)
    last = start(work / "papers", home)
    said = last.communicate()[0]
    wrong += [("after the last kill", compare(home, whole, done=True), said)] if last.returncode or compare(home, whole, done=True) else []
    print(f"\nkilled {laps} times, {finished} runs ended before; the run after the last kill: {'as undisturbed' if not last.returncode else said}")
    size = sum(map(len, whole.values()))
    for share in (0.02, 0.3, 0.6, 0.9):
        wrong += full(work, whole, size, share)
    print("all held" if not wrong else "\n".join(f"WRONG: {w}" for w in wrong))
    shutil.rmtree(work, ignore_errors=True)
    return bool(wrong)


def full(work, whole, size, share):
    """A run on a disk that holds only a share of its files, then, with room (and once read-only in between), one that does the rest."""
    disk, mounted = work / f"disk{share}", False
    disk.mkdir()
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        mounted = not subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={int(size * share) + 65536}", "tmpfs", str(disk)], capture_output=True).returncode
    try:
        more = {}
        if not mounted:                                               # no right to mount: the largest files do not fit
            import resource
            most = sorted(map(len, whole.values()))[int(len(whole) * share)]
            more = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))}
        run = start(work / "papers", disk / "home", **more)
        said = run.communicate()[0]
        wrong = [(share, said)] if not run.returncode or "Traceback" in said else []
        wrong += [(share, bad) for bad in [compare(disk / "home", whole, done=False)] if bad]
        last = said.strip().splitlines()[-1]
        if mounted:
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            run = start(work / "papers", disk / "home")
            said = run.communicate()[0]
            wrong += [(share, "read-only", said)] if not run.returncode or "Traceback" in said else []
            subprocess.run(["mount", "-o", f"remount,rw,size={size * 4}", str(disk)], check=True)
        run = start(work / "papers", disk / "home")
        said = run.communicate()[0]
        wrong += [(share, "after", said, compare(disk / "home", whole, done=True))] if run.returncode or compare(disk / "home", whole, done=True) else []
        print(f"disk for {share:.0%}{' (and read-only)' if mounted else ' (by file size)'}: “{last[:140]}”; then, with room: {'as undisturbed' if not wrong else 'WRONG'}", flush=True)
        return wrong
    finally:
        if mounted:
            subprocess.run(["umount", str(disk)], check=False)


if __name__ == "__main__":
    sys.exit(main(int(os.environ.get("N") or 100), int(os.environ.get("SEED") or 1)))
