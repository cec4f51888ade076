// SIGTERM, SIGINT and their like as a flag that a program looks at, and a wait that they end.
// SIGUSR1 is among them: Slurm can send it ahead of time (--signal), and mpirun passes it on
// without starting its kill timeout.
#pragma once

namespace helip::worker {

// Counts SIGTERM, SIGINT, SIGHUP and SIGUSR1 from now on, which no longer end the process. Called
// before other threads start.
void catch_stop_signals();
// Returns how often one came.
int stop_signals();
// Sleeps and returns true, or returns false at once when a signal has come.
bool wait_unless_stopped(double seconds);

}  // namespace helip::worker
