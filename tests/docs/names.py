"""Names that the documents use, looked up in the programs: subcommands and options in --help, keys in the configuration of a job."""

import re

import yaml
from shell import Failure

SUBCOMMANDS = {"config": ("show", "explain"), "data": ("import", "check"), "pairs": ("stats", "show", "compare", "export")}
FILE_NAME = re.compile(r".*\.(json|jsonl|safetensors|yaml|pt|npy|md|h|cpp)")


def check_options(text, known):
    """Fails unless all options of `text` are among those of the help text."""
    for option in re.findall(r"(?<!\S)--?[a-z][\w-]*", text):
        if not re.search(rf"(?<![\w-]){option}(?![\w-])", known):
            raise Failure(f"{text}: no option {option}")


def dotted(tree, prefix=""):
    """All keys of a tree: section, section.key, …"""
    for key, value in tree.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from dotted(value, f"{prefix}{key}.")


class Programs:
    """What `PROGRAM [SUBCOMMAND…] --help` prints, asked once each."""

    def __init__(self, shell):
        self.shell = shell
        self.helps = {}

    def help_of(self, words):
        """The help for the command's first words, and the words after its subcommands."""
        taken = [words[0]]
        if words[0] == "helip" and len(words) > 1 and re.fullmatch(r"[a-z]+", words[1]):
            taken.append(words[1])
            if len(words) > 2 and words[2] in SUBCOMMANDS.get(words[1], ()):
                taken.append(words[2])
        name = " ".join(taken)
        if name not in self.helps:
            self.helps[name] = self.shell(f"{name} --help")
        return self.helps[name], words[len(taken):]

    def is_mention(self, text):
        """Whether nothing but subcommands and options is named: `helip mine --device auto|cpu|cuda` cannot be run as it stands."""
        if not text.startswith("helip "):
            return False
        left = self.help_of(text.split())[1]
        return not left or left[0].startswith("-")

    def check_mention(self, text):
        known, left = self.help_of(text.split())
        check_options(" ".join(left), known)

    def check_option(self, text):
        """An option by itself may be one of any program."""
        for subcommand in ("run", "status", "embed", "mine", "eval", "convert", "report", "doctor"):
            self.help_of(["helip", subcommand])
        for group, names in SUBCOMMANDS.items():
            for name in names:
                self.help_of(["helip", group, name])
        for program in ("helip_coordinator", "helip_worker"):
            self.help_of([program])
        check_options(text, "\n".join(self.helps.values()))


class Keys:
    """The keys of the configuration, from what a job wrote down."""

    def __init__(self, written):
        if not written.exists():
            raise Failure(f"no {written}: the first job failed")
        tree = yaml.safe_load(written.read_text())
        self.sections = list(tree)
        self.all = set(dotted(tree))

    def looks_like_one(self, text):
        return text.split(".")[0] in self.sections and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", text) and not FILE_NAME.fullmatch(text)

    def check(self, text):
        if text not in self.all:
            raise Failure(f"{text}: no such key of the configuration")

    def owners(self, key):
        """The sections with a key of this name."""
        return [section for section in self.sections if f"{section}.{key}" in self.all]
