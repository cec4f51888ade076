#!/usr/bin/env python3
"""Documents that run: every configuration and JSON example of README and docs/ parses, every key and option that they name exists,
and every command of README, docs/running.md and CONTRIBUTING.md is run on a tiny corpus, or is listed in commands.py with
the reason why it is only checked. What this test does not know fails it. Needs a Python with NumPy, Pillow, PyYAML and safetensors.

usage: run_documents.py --build BUILD_FOLDER --source REPOSITORY --folder FOLDER
"""

import argparse
import json
import pathlib
import re
import sys
import time

import tiny_world
import yaml
from commands import TINY, Commands, is_command
from documents import codes_of, commands_of, variants_of
from names import Keys
from shell import Failure

# Pages whose commands are run; of the others only what they say of configurations, keys and options is checked.
COMMAND_PAGES = ("README.md", "docs/running.md", "CONTRIBUTING.md")
# Blocks that are neither commands nor examples: by how they begin, or all of a page.
OUTPUT = ("metric    ",)
FORMULAS_AND_DIAGRAMS = ("docs/equations.md", "docs/architecture.md")
# What looks like part of a configuration or like an option of HELIP, and is neither.
OTHER_EXAMPLES = {"train: all": "of a tower in helip_model.json"}
OTHER_OPTIONS = {
    "--pretrained": "of OpenCLIP's training", "--resume": "of OpenCLIP's training",
    "--val-frequency": "of OpenCLIP's training", "--zeroshot-frequency": "of OpenCLIP's training",
    "--enable-recovery": "of mpirun", "--oversubscribe": "of mpirun",
}
# What an example needs beside itself, by its key or section.
NEEDED = {
    "slip": ["model.architecture=SLIP_VITS16", "model.init=random"],
    "early_stop": ["scores={datasets: [{name: dev, path: FOLDER, tasks: [zero_shot]}], every_epochs: 1}"],
    "remine.workers": ["launcher.workers=4", "remine.every_epochs=1", "remine.lag_steps=1"],
}
DATASET_KEYS = ("name", "path", "tasks", "split")


class Documents:
    def __init__(self, commands):
        self.commands = commands
        self.keys = None
        self.problems = []
        self.counts = dict.fromkeys(("commands", "configurations", "JSON examples", "keys", "options"), 0)
        self.tried = set()
        self.last_section = None  # of the last example: a key alone goes on with it

    def attempt(self, code, what, action):
        """Counts and does; a failure is noted with its place."""
        self.counts[what] += 1
        try:
            action()
        except Failure as failure:
            self.problems.append(f"{code.place}: {failure}")

    def run_commands(self, codes):
        """In the order of the pages: later commands use what earlier ones made."""
        for code in codes:
            if not is_command(code.text) or code.language not in ("", "bash", "sh"):
                continue
            for command in commands_of(code.text) if code.kind == "block" else [code.text]:
                for typed in variants_of(command):
                    if typed not in self.tried:
                        self.tried.add(typed)
                        self.attempt(code, "commands", lambda text=typed: self.commands.run(text, code.kind == "inline"))

    def check_examples(self, page, codes):
        """After the commands, whose first job wrote down all keys."""
        for code in codes:
            if code.kind == "inline":
                self.check_inline(code)
            elif code.language == "yaml" or (not code.language and re.match(r"[a-z_]+:\s", code.text)):
                self.check_yaml(code)
            elif code.language == "json":
                self.attempt(code, "JSON examples", lambda text=code.text: parse_json(text))
            elif page in FORMULAS_AND_DIAGRAMS or code.text.startswith(OUTPUT):
                continue
            elif not is_command(code.text):
                self.problems.append(f"{code.place}: a block that this test does not know: {code.text.splitlines()[0]}")
            elif page not in COMMAND_PAGES:
                self.problems.append(f"{code.place}: commands on a page whose commands are not run: {code.text.splitlines()[0]}")

    def check_yaml(self, code):
        """A whole configuration, or lines that are each a part of one."""
        try:
            parts = [yaml.safe_load(line) for line in code.text.splitlines()]
            whole = yaml.safe_load(code.text) if len({key for part in parts if part for key in part}) > 1 else {}
        except (yaml.YAMLError, TypeError) as problem:
            self.problems.append(f"{code.place}: not YAML: {' '.join(str(problem).split())}")
            return
        if {"corpus", "model", "train"} <= set(whole):
            self.attempt(code, "configurations", lambda: self.commands.configuration(code.text))
            return
        if "tune" in whole:
            self.attempt(code, "configurations", lambda: self.commands.experiment(code.text))
            return
        for line in code.text.splitlines():
            key, value = re.sub(r"\s+#.*", "", line).split(":", 1)
            self.check_setting(code, key, value.strip())

    def check_setting(self, code, key, value):
        if key.split(".")[0] not in self.keys.sections:
            owners = self.keys.owners(key)
            if key in DATASET_KEYS:
                key, value = "eval.datasets", f"[{{name: x, path: FOLDER, tasks: [retrieval], {key}: {value}}}]"
            elif self.last_section in owners:
                key = f"{self.last_section}.{key}"
            elif len(owners) == 1:
                key = f"{owners[0]}.{key}"
            else:
                self.problems.append(f"{code.place}: {key}: {'several sections have' if owners else 'no section has'} this key")
                return
        self.last_section = key.split(".")[0]
        setting = f"{key}={value}"
        if setting not in self.tried:
            self.tried.add(setting)
            needed = NEEDED.get(key, NEEDED.get(self.last_section, []))
            self.attempt(code, "configurations", lambda: self.commands.setting(setting, needed))

    def check_inline(self, code):
        text = code.text
        example = re.fullmatch(r"([a-z_]+(?:\.[a-z_]+)*): (.+)", text)
        if example and text not in OTHER_EXAMPLES:
            self.check_setting(code, example[1], example[2])
        elif self.keys.looks_like_one(text):
            self.attempt(code, "keys", lambda: self.keys.check(text))
        elif text.startswith("--") and text not in OTHER_OPTIONS:
            self.attempt(code, "options", lambda: self.commands.programs.check_option(text))
        elif text.startswith("helip "):
            self.attempt(code, "options", lambda: self.commands.programs.check_mention(text))


def parse_json(text):
    try:
        json.loads(text.replace("[…]", "[0]"))
    except json.JSONDecodeError as problem:
        raise Failure(f"not JSON: {problem}") from None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    source, home = arguments.source.resolve(), arguments.folder.resolve()
    others = sorted(f"docs/{file.name}" for file in (source / "docs").glob("*.md"))
    pages = {page: codes_of(source / page, page) for page in [*COMMAND_PAGES, *(page for page in others if page not in COMMAND_PAGES)]}
    configurations = [code.text for code in pages["README.md"] if code.language == "yaml"]
    if not configurations:
        sys.exit("FAILED: README.md has no configuration in a block of yaml")

    began = time.monotonic()
    model = json.loads((source / "configs" / "models" / f"{TINY}.json").read_text())
    tiny_world.make(home, arguments.build.resolve(), source, model)
    commands = Commands(home, configurations[0])
    documents = Documents(commands)
    try:
        for page in COMMAND_PAGES:
            documents.run_commands(pages[page])
        documents.keys = Keys(home / "work" / "mine" / "config.yaml")
        for page, codes in pages.items():
            documents.check_examples(page, codes)
    except Failure as failure:
        documents.problems.append(str(failure))
    finally:
        commands.end()
    for line in commands.only_checked:
        print(f"only checked: {line}")
    counts = ", ".join(f"{count} {what}" for what, count in documents.counts.items())
    print(f"{counts} in {time.monotonic() - began:.1f} s")
    if documents.problems:
        print("\n".join(f"FAILED: {problem}" for problem in documents.problems), file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
