// A worker that mpirun or srun started ends when its parent is gone: a launch that lost its head
// (kill -9) leaves no stray ranks behind that would write into the work directory beside the next
// launch's.
#pragma once

#include <atomic>
#include <thread>

namespace helip::worker {

class ParentWatch {
 public:
  // Ends the process with exit code 75 within a second of its parent's death, from now on.
  ParentWatch();
  ~ParentWatch();
  ParentWatch(const ParentWatch&) = delete;
  ParentWatch& operator=(const ParentWatch&) = delete;

 private:
  std::atomic<bool> closing_{false};
  std::thread thread_;
};

}  // namespace helip::worker
