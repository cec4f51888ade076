// dead_peer_program: the last rank kills itself, the others wait for it in a barrier. Its exit code
// is what the test looks at.
#include <csignal>

#include "comm/group.h"

int main() {
  const auto group = helip::comm::open_group("mpi", "cpu", 0.5);
  group->barrier();
  if (group->rank() == group->size() - 1) std::raise(SIGKILL);
  group->barrier();
  return 0;
}
