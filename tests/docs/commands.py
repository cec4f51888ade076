"""How the documents' commands are run in the tiny world: as they are typed, with placeholders replaced and jobs kept small."""

import os
import pathlib
import re
import shlex
import shutil
import sys
import time

from names import Programs, check_options
from shell import Failure, Shell, kill, last_lines

TINY = "helip-test-tiny"
# Makes a job of any configuration of the documents small. Goes before the document's own options, which win.
SMALL = " ".join(f"--set {setting}" for setting in (
    f"model.architecture={TINY}", "launcher.device=cpu", "launcher.workers=2", "launcher.threads_per_worker=1",
    "train.seeds_per_batch=16", "mining.hard_pairs_per_target=4", "coordinator.heartbeat_seconds=0.3"))
PROGRAMS = ("helip", "build/bin/", "scripts/", "mpirun ", "sbatch ", "cmake ", "ctest ", "export ", "python3 ", "tensorboard ", "bench/",
            "examples/")
# Commands that are not run, by how they begin, with the reason and what is checked of them.
BUILDS = "builds or installs; its shell syntax and the preset are checked"
NOT_RUN = {
    "scripts/demo.sh": BUILDS, "scripts/test.sh": BUILDS, "scripts/build.sh": BUILDS, "cmake --preset": BUILDS,
    "scripts/gpu_check.sh": "needs a GPU; its shell syntax is checked",
    "bench/": "takes minutes; its --help is run",
    "examples/": "needs packages that are not there; its options are looked up in the file",
    "tensorboard ": "stays; that its folder is there is checked",
    "sbatch ": "needs a cluster; Slurm's options are looked up in its help, and the batch script is run with --dry-run",
}


def is_command(text):
    """One word alone is a name, unless it is a shell script of scripts/."""
    return text.startswith(PROGRAMS) and (" " in text or bool(re.fullmatch(r"scripts/\w+\.sh", text)))


class Commands:
    def __init__(self, home, configuration):
        self.home = home
        self.only_checked = []  # lines for the reader of the test's output
        self.coordinator = None
        self.fresh_names = 0
        self.shell = Shell(home, dict(
            os.environ, PATH=f"{home / 'build' / 'bin'}:{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}", HELIP="helip",
            SLURM_CONF=str(home / "slurm.conf"), OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
            OMPI_MCA_rmaps_base_oversubscribe="1", OMPI_MCA_mpi_yield_when_idle="1"))
        self.shell.hidden = f" {SMALL}"
        self.programs = Programs(self.shell)
        self.prepare(self.placed(configuration))

    def prepare(self, configuration):
        """What a person has before the first command: a configuration, and the files that the documents name."""
        for folder in ("configs", "models", "out"):
            (self.home / folder).mkdir()
        (self.home / "my.yaml").write_text(configuration)
        (self.home / "configs" / "small.yaml").write_text(configuration)
        # Slurm's programs do not even print their help without a configuration.
        (self.home / "slurm.conf").write_text("ClusterName=none\nSlurmctldHost=localhost\n")
        self.shell(f"helip convert checkpoints/random.safetensors checkpoints/epoch_32.pt --model {TINY}")
        self.shell(f"helip convert checkpoints/epoch_32.pt models/large --model {TINY}")
        shutil.copy(self.home / "checkpoints" / "epoch_32.pt", self.home / "epoch_32.pt")

    def end(self):
        if self.coordinator is not None:
            kill(self.coordinator)

    # Words of the documents that stand for something.

    def placed(self, text):
        """The text with the documents' absolute paths in this folder."""
        return re.sub(r"(?<![\w./])/(data|checkpoints|models)/", rf"{self.home}/\1/", text)

    def embeddings(self):
        found = sorted((self.home / "work" / "mine").glob("embeddings/*"))
        if not found:
            raise Failure("work/mine has no embeddings: the first job failed")
        return found[0]

    def filled(self, command):
        """The command with its placeholders replaced."""
        folder = "work/by_hand" if "coordinator" in command else "work/other" if " run " in command else "work/mine"
        places = {
            "WORK": "work/mine", "CONTROL": "work/control", "MORE": "work/by_hand", "D": folder, "F": "my.yaml", "N": "2",
            "STAGE": "index", "NAME": "docs_paths" if command.startswith("ctest ") else "small", "CONFIG": "my",
            "EXACT": "work/mine/hard_pairs/1", "OTHER": "work/mine/hard_pairs/1", "a.b=v": "train.lr=1e-4",
            "ViT-B-16": TINY, "ViT-L-14": TINY,
        }
        out = re.search(r"--out (TABLE|FOLDER)", command)
        if out:
            self.fresh_names += 1
            places[out[1]] = f"out/{self.fresh_names}"
        if re.search(r"\b(E|EMB)\b", command):
            places["E"] = places["EMB"] = str(self.embeddings())
        for name, place in places.items():
            command = re.sub(rf"(?<![\w$-]){re.escape(name)}(?![\w-])", place, command)
        return self.placed(command)

    # Commands.

    def run(self, typed, is_inline):
        """Runs a command of a document, or checks what can be checked of it."""
        for prefix, reason in NOT_RUN.items():
            if typed.startswith(prefix):
                self.only_checked.append(f"{typed}: {reason}")
                self.check(typed)
                return
        if is_inline and self.programs.is_mention(typed):
            self.programs.check_mention(typed)
            return
        command = self.filled(typed)
        if typed.startswith("export "):
            found = self.shell(f"{command} && command -v helip").strip()
            if found != str(self.home / "build" / "bin" / "helip"):
                raise Failure(f"{typed}: helip is {found}")
        elif typed.startswith("ctest "):
            if not re.search(r"Total Tests: [1-9]", self.shell(f"{command} -N")):
                raise Failure(f"{typed}: no test of that name")
        elif re.search(r"helip run\b", command):
            self.job(typed, command)
        elif "helip_coordinator " in command:
            self.start_by_hand(command)
        elif "helip_worker " in command:
            self.shell(command)
            self.end_by_hand()
        else:
            if "--compare" in command:
                self.control()
            for out in re.findall(r" convert \S+ (\S+)", command):  # several documents write the same file
                shutil.rmtree(self.home / out) if (self.home / out).is_dir() else (self.home / out).unlink(missing_ok=True)
            self.shell(command)

    def job(self, typed, command):
        """The first job of the documents is run whole; of others the options and the plan are checked."""
        command = re.sub(r"helip run\b", f"helip run {SMALL}", command, count=1)
        whole = "--work-dir work/mine" in command and not (self.home / "work" / "mine").exists()
        if "model.architecture=my_towers" in typed:
            (self.home / "my_towers").symlink_to(self.home / "tests" / "golden" / "locked_towers")
        if not whole and "--until index" not in command:
            command += " --dry-run"
        self.shell(command)
        if whole and not (self.home / "work" / "mine" / "report" / "index.html").exists():
            raise Failure(f"{typed}: no report")

    def control(self):
        """The control of the documents' comparison: the same job without hard pairs."""
        if not (self.home / "work" / "control").exists():
            self.shell(f"helip run {SMALL} --config my.yaml --work-dir work/control --set train.hard_pairs=none")

    def start_by_hand(self, command):
        """A coordinator stays until its job is done; a later command starts the workers."""
        with open(self.home / "coordinator.log", "w", encoding="utf-8") as log:
            self.coordinator = self.shell.start(f"exec {command} {SMALL} --set train.epochs=0 --set train.steps=2", stdout=log, stderr=log)
        address = self.home / "work" / "by_hand" / "coordinator" / "address"
        end = time.monotonic() + 60
        while not address.exists():
            if self.coordinator.poll() is not None or time.monotonic() > end:
                raise Failure(f"{command}: no address: {last_lines((self.home / 'coordinator.log').read_text())}")
            time.sleep(0.01)

    def end_by_hand(self):
        code = self.coordinator.wait(timeout=60)
        if code != 0:
            raise Failure(f"helip_coordinator: exit {code}: {last_lines((self.home / 'coordinator.log').read_text())}")

    def check(self, typed):
        words = typed.split()
        program = self.home / words[0]
        if "/" in words[0] and not os.access(program, os.X_OK):
            raise Failure(f"{words[0]}: no such program, or not executable")
        if typed.startswith("cmake --preset") or (words[0] == "scripts/build.sh" and len(words) > 1):
            if f'"{words[-1]}"' not in self.shell("cmake --list-presets"):
                raise Failure(f"{typed}: no such preset")
        if words[0].endswith(".sh"):
            self.shell(f"bash -n {words[0]}")
        elif words[0].startswith("bench/"):
            check_options(typed, self.shell(f"{words[0]} --help"))
        elif words[0].startswith("examples/"):
            check_options(typed, program.read_text(encoding="utf-8"))
        elif words[0] == "tensorboard":
            if not (self.home / self.filled(words[-1])).is_dir():
                raise Failure(f"{typed}: no such folder")
        elif words[0] == "sbatch":
            self.check_batch(typed)

    def check_batch(self, typed):
        options = re.match(r"sbatch ((?:--\S+ )*)", typed)[1]
        if shutil.which("sbatch"):
            check_options(options, self.shell("sbatch --help"))
        script = self.filled(typed[len("sbatch ") + len(options):])
        tasks = re.search(r"--ntasks-per-node=(\d+)", options)
        self.shell(f"SLURM_NTASKS={tasks[1] if tasks else 1} bash {script} {SMALL} --dry-run")

    # Configurations.

    def configuration(self, text):
        """A whole configuration of a document parses and validates."""
        (self.home / "example.yaml").write_text(self.placed(text))
        self.shell(f"helip run {SMALL} --config example.yaml --work-dir work/example --dry-run")

    def experiment(self, text):
        """An experiment's file names configurations that parse and validate."""
        job = (self.home / "my.yaml").read_text()
        (self.home / "base.yaml").write_text(job)
        (self.home / "tuned.yaml").write_text(f"{job}\neval: {{datasets: [{{name: cards, path: heldout, tasks: [retrieval]}}]}}\n")
        (self.home / "experiment.yaml").write_text(text.replace("tune: my.yaml", "tune: tuned.yaml"))
        self.shell("helip experiment --config experiment.yaml --dry-run")

    def setting(self, setting, needed):
        """So does a part of one, in place of that of the first job; `needed` goes before it."""
        setting = self.placed(setting).replace("ViT-L-14", TINY)
        setting = re.sub(r"([=:] ?)[A-Z](?=$|[,}])", r"\g<1>2", setting)
        if "/data/emb" in setting and not (self.home / "data" / "emb").exists():
            (self.home / "data" / "emb").symlink_to(self.embeddings())
        words = " ".join(f"--set {shlex.quote(word)}" for word in [*needed, setting])
        words = words.replace("FOLDER", str(self.home / "heldout"))
        self.shell(f"helip run {SMALL} --config my.yaml --work-dir work/example {words} --dry-run")
