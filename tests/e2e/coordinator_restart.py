"""kill -9 of the coordinator while its hand-started workers mine, then the same command: workers find its new address, register
again, and the job ends with the hard pairs of an undisturbed run."""

import os
import pathlib
import signal
import subprocess

from by_hand import mpirun
from job_control import expect, kill_all, logs_of, main, processes_of, table_digests, wait_until

OPTIONS = ("--until", "mine", "--set", "mining.task_targets=1")


def coordinator(bench, work):
    command = [bench.program("helip_coordinator"), "--config", str(bench.job), "--work-dir", str(work), *OPTIONS]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def mined(work):
    folder = pathlib.Path(work) / "tasks" / "mine"
    return sum(1 for name in os.listdir(folder) if name.startswith("range-") and "partial" not in name) if folder.exists() else 0


def test(bench, random):
    work = bench.fresh("coordinator-restart")
    address = work / "coordinator" / "address"
    first = coordinator(bench, work)
    try:
        wait_until(address.exists, "the coordinator's address", first)
        workers = mpirun(bench, 2, work, "--stages", "index,encode,mine")
        kill_point = random.randrange(5, 120)
        wait_until(lambda: mined(work) >= kill_point, f"{kill_point} mined ranges", first)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        at = mined(work)
        print(f"killed the coordinator after {at} of 200 ranges")
        expect(at < 200, "the kill came after the last range")
        expect(len(processes_of(work, "helip_worker")) == 2, "the workers did not wait for their coordinator")
        second = coordinator(bench, work)
        output, _ = workers.communicate(timeout=120)
        expect(workers.returncode == 0, f"mpirun: exit {workers.returncode}\n{output}")
        expect("registered again" in output, f"no worker registered again\n{output}")
        expect(second.wait(timeout=60) == 0, f"helip_coordinator: exit {second.returncode}\n{logs_of(work)}")
    finally:
        kill_all(work)
    expect(table_digests(work)["indices.npy"] == table_digests(bench.reference)["indices.npy"],
           "the hard pairs differ from the undisturbed run's")


if __name__ == "__main__":
    main(test)
