#include "worker/parent_watch.h"

#include <unistd.h>

#include <chrono>

#include "common/error.h"
#include "common/log.h"

namespace helip::worker {

// Not PR_SET_PDEATHSIG: it is tied to the thread that forked, and mpirun forks from threads of its
// own.
ParentWatch::ParentWatch()
    : thread_([this, parent = getppid()] {
        constexpr auto kStep = std::chrono::milliseconds(200);
        while (!closing_) {
          if (getppid() != parent) {
            log::error("the process that started this worker is gone: ending");
            _exit(kExitPreempted);
          }
          std::this_thread::sleep_for(kStep);
        }
      }) {}

ParentWatch::~ParentWatch() {
  closing_ = true;
  thread_.join();
}

}  // namespace helip::worker
