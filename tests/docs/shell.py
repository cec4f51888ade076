"""Runs commands as a person would type them into bash."""

import os
import signal
import subprocess


class Failure(Exception):
    """What a document says is not so."""


def last_lines(text, count=4):
    return " / ".join(text.strip().splitlines()[-count:])


class Shell:
    def __init__(self, folder, environment):
        self.folder = folder
        self.environment = environment
        self.hidden = ""  # words of this test, not of the document; a failure does not repeat them

    def start(self, command, **files):
        return subprocess.Popen(["bash", "-c", command], cwd=self.folder, env=self.environment, text=True, start_new_session=True,
                                stdin=subprocess.DEVNULL, **files)

    def __call__(self, command, timeout=120):
        """What the command prints. Fails unless it exits with 0 in time."""
        process = self.start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        shown = command.replace(self.hidden, "…") if self.hidden else command
        try:
            output, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            kill(process)
            raise Failure(f"{shown}: not done after {timeout} s") from None
        if process.returncode != 0:
            raise Failure(f"{shown}: exit {process.returncode}: {last_lines(errors or output)}")
        return output


def kill(process):
    """Ends a command and all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
