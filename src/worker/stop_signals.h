// SIGTERM, SIGINT and their like as a flag that a program looks at, and a wait that they end.
// SIGUSR1 is among them: Slurm can send it ahead of time (--signal), and mpirun passes it on
// without starting its kill timeout.
#pragma once

namespace helip::worker {

// From now on SIGTERM, SIGINT, SIGHUP and SIGUSR1 count instead of ending the process. Call before
// other threads start.
void catch_stop_signals();
// How often one came.
int stop_signals();
// Sleeps; false, at once, if a signal has come.
bool wait_unless_stopped(double seconds);

}  // namespace helip::worker
