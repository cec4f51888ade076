"""The hand-typed way: helip_coordinator, and one mpirun of helip_worker that takes all stages; a second launch, too late to
train, leaves with 0. Results are those of `helip run`."""

import os
import subprocess

from job_control import expect, expect_same_table, expect_same_training, kill_all, main, wait_until


def mpirun(bench, ranks, work, *more, **variables):
    environment = dict(os.environ, **variables, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                       OMPI_MCA_mpi_yield_when_idle="1")
    command = ["mpirun", "-n", str(ranks), "--bind-to", "none", "--oversubscribe", bench.program("helip_worker"),
               "--work-dir", str(work), *more]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test(bench, _):
    work = bench.fresh("by-hand")
    address = work / "coordinator" / "address"
    coordinator = subprocess.Popen([bench.program("helip_coordinator"), "--config", str(bench.job), "--work-dir", str(work)],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        wait_until(address.exists, "the coordinator's address", coordinator)
        code, status = bench.status(work, "--exit-code")
        expect(code == 4 and status["state"] == "running", f"status --exit-code of a running job: {code}")

        second = subprocess.run([bench.program("helip_coordinator"), "--config", str(bench.job), "--work-dir", str(work)],
                                capture_output=True, text=True, timeout=30)
        expect(second.returncode == 1 and "another coordinator" in second.stderr,
               f"a second coordinator: exit {second.returncode}, {second.stderr}")

        named = ["--coordinator", address.read_text().strip()]
        workers = mpirun(bench, 2, work, *named)
        wait_until(lambda: len((bench.status(work)[1] or {"workers": []})["workers"]) == 2, "two workers", workers)
        # It registers after a launch that trains, and so will not.
        late = mpirun(bench, 1, work, HELIP_COORDINATOR=address.read_text().strip())
        output, _ = late.communicate(timeout=240)
        expect(late.returncode == 0, f"the late launch: exit {late.returncode}\n{output}")
        expect("another launch trains" in output, f"the late launch was not told that another one trains\n{output}")
        output, _ = workers.communicate(timeout=240)
        expect(workers.returncode == 0, f"mpirun: exit {workers.returncode}\n{output}")
        output, _ = coordinator.communicate(timeout=60)
        expect(coordinator.returncode == 0, f"helip_coordinator: exit {coordinator.returncode}\n{output}")
    finally:
        kill_all(work)
        coordinator.wait()
    expect(not address.exists(), "the address was left behind")
    expect_same_table(bench, work)
    expect_same_training(bench, work)


if __name__ == "__main__":
    main(test)
