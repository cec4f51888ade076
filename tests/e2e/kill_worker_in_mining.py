"""kill -9 of one of two workers in the middle of mining: the job ends, and its hard pairs are those of an undisturbed run."""

import os
import pathlib
import signal

from job_control import expect, kill_all, logs_of, main, processes_of, table_digests, wait_until

# One target a task, so that mining lasts long enough to be hit in the middle.
SMALL_TASKS = ("--until", "mine", "--set", "mining.task_targets=1")


def results_in(work):
    folder = pathlib.Path(work) / "tasks" / "mine"
    return sum(1 for name in os.listdir(folder) if name.startswith("range-") and "partial" not in name) if folder.exists() else 0


def test(bench, random):
    tasks = 0
    undisturbed = bench.fresh("mining-undisturbed")
    bench.run(undisturbed, *SMALL_TASKS)
    tasks = results_in(undisturbed)
    expect(tasks > 20, f"mining has only {tasks} tasks")
    expect(table_digests(undisturbed)["indices.npy"] == table_digests(bench.reference)["indices.npy"],
           "smaller tasks mined another table")

    for attempt in range(2):
        kill_point = random.randrange(2, tasks // 2)
        work = bench.fresh(f"mining-killed-{attempt}")
        process = bench.start(work, *SMALL_TASKS)
        try:
            wait_until(lambda: results_in(work) >= kill_point, f"{kill_point} mined ranges", process)
            workers = processes_of(work, "helip_worker")
            victim = random.choice(workers)
            os.kill(victim, signal.SIGKILL)
            at = results_in(work)
            expect(at < tasks, "the kill came after the last range")
            print(f"killed one of {len(workers)} workers after {at} of {tasks} ranges")
            expect(process.wait(timeout=180) == 0, f"exit {process.returncode}\n{logs_of(work)}")
        finally:
            kill_all(work)
            process.wait()
        expect(table_digests(work) == table_digests(undisturbed), "the hard pairs differ from the undisturbed run's")


main(test)
