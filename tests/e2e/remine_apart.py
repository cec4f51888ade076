"""Mining again by workers of its own while the others train: the tables are the ones that `helip embed` and `helip mine` make
of the weights that they were requested with, the run is the one of ranks that pause and mine themselves, and a killed one goes
on to the same bits, before and after the table was there."""

import os
import pathlib
import signal

from job_control import (Failure, ask_to_stop, digest, expect, expect_same_training, interrupt, logs_of, main, metrics_of,
                         processes_of)
from remine import check_table, tables_of

# 200 pairs, 16 seeds a batch: epochs of 13 steps or fewer.
COMMON = ["train.seeds_per_batch=16", "train.steps=40", "train.checkpoint_steps=5", "remine.every_steps=10", "remine.lag_steps=2"]
# Two of four ranks mine; two train, as in the run to compare with.
APART = ["launcher.workers=4", "remine.workers=2"]


def options(*pairs):
    return [option for pair in pairs for option in ("--set", pair)]


def worker_of_rank(work, rank):
    for pid in processes_of(work, "helip_worker"):
        if f"OMPI_COMM_WORLD_RANK={rank}".encode() in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            return pid
    raise Failure(f"no worker of rank {rank}")


def test(bench, random):
    # Sums over ranks depend on their number alone.
    paused = bench.fresh("remine-paused")
    bench.run(paused, *options(*COMMON, "train.keep_checkpoints=99", "launcher.workers=2"))
    work = bench.fresh("remine-apart")
    bench.run(work, *options(*COMMON, *APART, "train.keep_checkpoints=99"))
    tables = tables_of(work)
    expect(len(tables) >= 2 and all(table["digest"] for table in tables), f"tables {tables}")
    for table in tables:
        expect(table["requested"] + 2 <= table["first_step"], f"active too early: {table}")
        check_table(bench, work, table)
    expect(tables == tables_of(paused), f"other tables than of ranks that pause: {tables_of(paused)}")
    bench.reference = paused
    expect_same_training(bench, work)
    logs = "".join(log.read_text(errors="replace") for log in work.glob("logs/*.log"))
    expect("mining for the training as rank 1 of 2" in logs, f"nobody mined apart\n{logs_of(work)}")
    bench.reference = work

    # Few checkpoints stay, so that the one of the request must be kept until its table is there.
    few = [*COMMON, *APART, "train.keep_checkpoints=1", "train.checkpoint_steps=1"]
    asked, in_force = tables[0]["requested"], tables[0]["first_step"]
    for name, step, gently in (("asked", asked + 1, False), ("in-force", random.randrange(in_force, 35), False),
                               ("stopped", random.randrange(asked, 35), True)):
        killed = bench.fresh(f"remine-apart-{name}")
        code = interrupt(bench, killed, step, ask_to_stop if gently else lambda _: None, *options(*few))
        expect(not gently or code == 75, f"exit {code} after SIGTERM\n{logs_of(killed)}")
        print(f"{name}: {'stopped' if gently else 'killed'} from step {step}", flush=True)
        bench.run(killed, *options(*few))
        expect(tables_of(killed) == tables, f"{name}: the killed run has other tables: {tables_of(killed)}")
        expect(metrics_of(killed) == metrics_of(work), f"{name}: other losses after a kill")
        newest = f"checkpoints/step-{40:08d}/model.safetensors"
        expect(digest(killed / newest) == digest(work / newest), f"{name}: other weights after a kill")

    # One rank alone is asked to stop: all leave with a checkpoint, and the job starts them again.
    for rank in (0, 1, 2, 3):
        asked_alone = bench.fresh(f"remine-apart-rank-{rank}")
        step = random.randrange(1, 30)

        def ask_rank(process):
            os.kill(worker_of_rank(asked_alone, rank), signal.SIGTERM)
            process.wait(timeout=120)

        code = interrupt(bench, asked_alone, step, ask_rank, *options(*few))
        print(f"rank {rank} was asked to stop from step {step}: exit {code}", flush=True)
        expect(code == 0, f"exit {code} after SIGTERM of rank {rank}\n{logs_of(asked_alone)}")
        expect(metrics_of(asked_alone) == metrics_of(work), f"other losses after SIGTERM of rank {rank}")


if __name__ == "__main__":
    main(test)
