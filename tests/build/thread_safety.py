#!/usr/bin/env python3
"""Clang's thread-safety analysis over the sources that lock: all of coordinator, rpc, worker and comm, and what else in src
includes common/threads/mutex.h or a header on top of it. Before that a file that reads a guarded member without its lock must fail.
usage: thread_safety.py SOURCE BUILD_FOLDER [FILE…]; with files, these alone"""
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

COMPILER = "clang++"
FOLDERS = ("coordinator", "rpc", "worker", "comm")
LOCKS = re.compile(r'#include "common/threads/(mutex|bounded_queue|prefetcher|ordered_parallel)\.h"')
CHECKS = ["-fsyntax-only", "-Wthread-safety", "-Werror", "-Wno-unknown-warning-option", "-Qunused-arguments"]

PLANTED = """
#include "common/threads/mutex.h"
class Counter {
 public:
  int value() const { LOCK return value_; }
  void wait_for_one() { helip::MutexLock lock(mutex_); while (value_ < 1) changed_.wait(mutex_); }
 private:
  mutable helip::Mutex mutex_;
  helip::Condition changed_;
  int value_ HELIP_GUARDED_BY(mutex_) = 0;
};
int main() { return Counter().value(); }
"""


def run(words):
    return subprocess.run(words, capture_output=True, text=True)


def check_the_check(source):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "planted.cpp"
        words = [COMPILER, "-std=c++20", f"-I{source / 'src'}", *CHECKS, str(file)]
        file.write_text(PLANTED.replace("LOCK", "const helip::MutexLock lock(mutex_);"))
        right = run(words)
        assert right.returncode == 0, right.stderr
        file.write_text(PLANTED.replace("LOCK", ""))
        wrong = run(words)
        assert wrong.returncode != 0 and "reading variable 'value_' requires holding mutex" in wrong.stderr, wrong.stderr


def flags_of(command):
    """The command's flags, without compiler and launcher, output and source."""
    words = shlex.split(command)
    words = words[next(i for i, word in enumerate(words) if word.startswith("-")):]
    flags, dropped = [], False
    for word in words:
        if dropped:
            dropped = False
        elif word in ("-o", "-c", "-include"):  # headers that another compiler has precompiled
            dropped = True
        else:
            flags.append(word)
    return flags


def known_flags(flags):
    """Without the flags that this compiler does not know at all (it names them one at a time or together)."""
    flags = list(flags)
    while True:
        tried = run([COMPILER, *flags, "-fsyntax-only", "-x", "c++", "/dev/null"])
        unknown = re.findall(r"unknown argument:? '([^']+)'|unsupported option '([^']+)'", tried.stderr)
        if not unknown:
            return flags
        names = {one or other for one, other in unknown}
        flags = [flag for flag in flags if flag not in names]


def chosen(source, commands):
    """The sources to look at, of those that the build compiles."""
    files = []
    for name in sorted(commands):
        path = pathlib.Path(name)
        if path.suffix != ".cpp" or not path.is_relative_to(source / "src"):
            continue
        texts = [file.read_text(encoding="utf-8") for file in (path, path.with_suffix(".h")) if file.exists()]
        if path.relative_to(source / "src").parts[0] in FOLDERS or any(LOCKS.search(text) for text in texts):
            files.append(name)
    return files


def main():
    source, build = (pathlib.Path(name).resolve() for name in sys.argv[1:3])
    check_the_check(source)
    commands = {entry["file"]: entry for entry in json.loads((build / "compile_commands.json").read_text())}
    files = [str(pathlib.Path(name).resolve()) for name in sys.argv[3:]] or chosen(source, commands)
    for folder in FOLDERS if not sys.argv[3:] else ():
        assert any(f"/src/{folder}/" in name for name in files), f"no source of src/{folder} in {build}/compile_commands.json"

    def analyse(name):
        entry = commands[name]
        return run(["env", "-C", entry["directory"], COMPILER, *known_flags(flags_of(entry["command"])), *CHECKS, name])

    failed = 0
    with ThreadPoolExecutor(2) as pool:
        for name, done in zip(files, pool.map(analyse, files)):
            if done.returncode:
                failed += 1
                print(f"{name}:\n{done.stderr}")
    print(f"thread_safety: {len(files)} files, {failed} with offences")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
