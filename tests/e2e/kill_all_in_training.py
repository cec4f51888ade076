"""kill -9 of everything during training, then the same command: it resumes, and losses and weights are bit-equal to those of
an undisturbed run. Then the same with a gentle SIGTERM (exit 75), with a kill -9 of `helip run` alone, whose workers must not
outlive it, and with a kill -9 of one rank, after which the running job restarts its training by itself."""

import os
import pathlib
import signal

from job_control import (expect, expect_same_table, expect_same_training, kill_all, logs_of, main, metrics_of, processes_of,
                         wait_until)


def wait_for_step(work, step, process):
    wait_until(lambda: max(metrics_of(work), default=0) >= step, f"step {step}", process)


def run_and_disturb(bench, work, step, disturb):
    process = bench.start(work)
    try:
        wait_for_step(work, step, process)
        at, last = max(metrics_of(work)), max(metrics_of(bench.reference))
        expect(at < last, f"disturbed at step {at}, after the last")
        disturb(work, process)
        print(f"disturbed at step {at} of {last}", flush=True)
    finally:
        if process.poll() is None:
            kill_all(work)
            process.wait()


def check(bench, work):
    logs = "".join(log.read_text(errors="replace") for log in pathlib.Path(work).glob("logs/*.log"))
    expect("resumed from step" in logs, f"the training did not resume from a checkpoint\n{logs_of(work)}")
    expect_same_table(bench, work)
    expect_same_training(bench, work)


def kill_everything(work, process):
    count = kill_all(work)
    expect(count >= 4, f"only {count} processes were there to kill")
    process.wait(timeout=10)


def ask_to_stop(work, process):
    process.send_signal(signal.SIGTERM)
    expect(process.wait(timeout=120) == 75, f"SIGTERM: exit {process.returncode}, expected 75\n{logs_of(work)}")
    expect(not processes_of(work, "helip_worker"), "workers outlive helip run")


def kill_rank(work, process):
    os.kill(processes_of(work, "helip_worker")[-1], signal.SIGKILL)
    expect(process.wait(timeout=120) == 0, f"exit {process.returncode} after the death of a rank\n{logs_of(work)}")


def kill_head(work, process):
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: not processes_of(work, "helip_worker"), "workers to notice that helip run is gone", timeout=20)


def test(bench, random):
    steps = max(metrics_of(bench.reference))
    # After the first checkpoint (every 8 steps), which is whole when the second begins; well before the last step.
    for name, disturb in (("everything", kill_everything), ("stop", ask_to_stop), ("head", kill_head), ("rank", kill_rank)):
        work = bench.fresh(f"training-{name}")
        step = random.randrange(17, steps - 8)
        print(f"{name}: from step {step}", flush=True)
        run_and_disturb(bench, work, step, disturb)
        if disturb is not kill_rank:
            bench.run(work)
        check(bench, work)


main(test)
