"""The ledger (coordinator/state.db) is lost or damaged in the middle of a stage: the next start rebuilds it from the result files,
does only what is missing again, and the job ends with the table, the losses and the weights of an undisturbed run."""

import pathlib
import re
import sqlite3

from job_control import expect, expect_same_table, expect_same_training, kill_all, main, wait_until


def results_in(work, stage):
    folder = pathlib.Path(work) / "tasks" / stage
    if not folder.exists():
        return []
    return sorted(file.name for file in folder.glob("*-*") if not re.search(r"\.(partial|tmp)\b", file.name))


def remove(work, _):
    for file in (work / "coordinator").glob("state.db*"):
        file.unlink()


def damage(work, random):
    for file in (work / "coordinator").glob("state.db-*"):
        file.unlink()
    database = work / "coordinator" / "state.db"
    content = bytearray(database.read_bytes())
    first = random.randrange(100)  # in the header or the schema's page: what is behind may be free space
    content[first : first + 2000] = random.randbytes(2000)
    database.write_bytes(content)


def flip(work, random):
    """One digit of one task is another one; SQLite itself sees nothing wrong."""
    database = work / "coordinator" / "state.db"
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("VACUUM")  # so that no copy lies in free space
    connection.close()
    content = bytearray(database.read_bytes())
    place = random.choice(list(re.finditer(rb'"(?:config_digest|fingerprint)":"([0-9a-f]+)"', content))).start(1)
    content[place] = ord("0") if content[place] != ord("0") else ord("1")
    database.write_bytes(content)


def between_stages(bench, random):
    """The ledger is lost between two starts; what encode found must be known to mine."""
    work = bench.fresh("lost-ledger")
    bench.run(work, "--until", "encode")
    kept = results_in(work, "encode")
    remove(work, random)
    bench.run(work, "--until", "encode")
    expect(results_in(work, "encode") == kept, f"{work}: encode was done again: {results_in(work, 'encode')}, before {kept}")
    bench.run(work, "--until", "mine")
    expect_same_table(bench, work)


def in_the_middle(bench, random, stage, enough, lose, *more):
    work = bench.fresh(f"lost-ledger-in-{stage}")
    process = bench.start(work, *more)
    try:
        wait_until(lambda: len(results_in(work, stage)) >= enough, f"{enough} results of {stage}", process)
    finally:
        kill_all(work)
        process.wait()
    kept = results_in(work, stage)
    lose(work, random)
    _, said = bench.run(work, *more)
    again = said.count(f"took over the result of {stage}/")
    expect(again >= enough, f"{work}: {again} results of {stage} were taken over, expected {enough}\n{said}")
    print(f"{stage}: the ledger was lost ({lose.__name__}) after {len(kept)} results, {again} were taken over")
    expect_same_table(bench, work)
    return work


def test(bench, random):
    between_stages(bench, random)
    for lose in (remove, damage, flip):
        in_the_middle(bench, random, "encode", 2, lose, "--until", "mine")
        in_the_middle(bench, random, "mine", 3, lose, "--until", "mine")
    for lose in (damage, flip):
        work = in_the_middle(bench, random, "eval", 1, lose)
        expect_same_training(bench, work)
        expect((work / "results.json").read_bytes() == (bench.reference / "results.json").read_bytes(), f"{work}: other results")


if __name__ == "__main__":
    main(test)
