#include "comm/mpi_world.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "comm/find_stragglers.h"
#include "comm/mpi_collective.h"
#include "comm/watchdog.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/text.h"
#include "common/threads/mutex.h"

namespace helip::comm {
namespace {

std::atomic<bool> world_is_open{false};

// Waits between tests of unfinished collectives: short at first, for collectives that end at once.
class BackOff {
 public:
  void reset() { waits_ = 0; }
  void wait() {
    ++waits_;
    if (waits_ <= kYields) {
      std::this_thread::yield();
      return;
    }
    const int doublings = std::min((waits_ - kYields) / 8, 5);
    std::this_thread::sleep_for(std::chrono::microseconds(10 << doublings));
  }

 private:
  static constexpr int kYields = 50;
  int waits_ = 0;
};

std::string missing_in(int channel, std::uint64_t number, double seconds) {
  std::vector<int> absent;
  try {
    absent = call_the_roll(channel, number, seconds);
  } catch (const CommError& problem) {
    return cat("a peer died or hangs, and who it is cannot be asked: ", problem.what());
  }
  if (absent.empty()) return "all ranks have begun it, and a message between them is missing";
  std::string text = absent.size() == 1 ? "waiting for rank" : "waiting for ranks";
  for (std::size_t i = 0; i < absent.size(); ++i) text += cat(i == 0 ? " " : ", ", absent[i]);
  return text;
}

}  // namespace

struct MpiWorld::State {
  struct Queued {
    std::unique_ptr<MpiCollective> operation;
    Completion done;
  };
  struct ChannelState {
    const MpiChannel* mpi = nullptr;
    std::unique_ptr<Queued> running;  // of the communication thread
    std::uint64_t token = 0;          // of the watchdog
    std::uint64_t sequence = 0;       // of the communication thread
  };

  explicit State(const Options& with)
      : options(with),
        watchdog(with.timeout_seconds, mpi_rank(mpi_channel(0)), mpi_size(mpi_channel(0))) {
    for (int i = 0; i < 2; ++i) channels[static_cast<std::size_t>(i)].mpi = &mpi_channel(i);
    thread = std::thread([this] { run(); });
  }

  ~State() {
    {
      const MutexLock lock(mutex);
      stopping = true;
    }
    arrived.notify_all();
    thread.join();
  }

  void submit(Channel channel, std::unique_ptr<MpiCollective> operation, Completion done) {
    {
      const MutexLock lock(mutex);
      queues[static_cast<std::size_t>(channel)].push_back({std::move(operation), std::move(done)});
    }
    arrived.notify_all();
  }

  void run() {
    BackOff back_off;
    while (true) {
      if (!take_next(back_off)) return;
      bool progressed = false;
      for (ChannelState& channel : channels) progressed = step(channel) || progressed;
      if (progressed) {
        back_off.reset();
      } else {
        back_off.wait();
        answer_now_and_then();
      }
    }
  }

  void answer_now_and_then() {
    constexpr double kSeconds = 0.02;
    const double now = monotonic_seconds();
    if (now - answered < kSeconds) return;
    answered = now;
    answer_roll_calls({channels[0].sequence, channels[1].sequence});
  }

  // Gives each idle channel its next collective; waits if there is none at all. False at the end:
  // what was submitted is done.
  bool take_next(BackOff& back_off) {
    MutexLock lock(mutex);
    while (true) {
      bool busy = false;
      for (std::size_t i = 0; i < channels.size(); ++i) {
        ChannelState& channel = channels[i];
        if (!channel.running && !queues[i].empty()) {
          channel.running = std::make_unique<Queued>(std::move(queues[i].front()));
          queues[i].pop_front();
          lock.unlock();
          start(channel);
          lock.lock();
          back_off.reset();
        }
        busy = busy || channel.running;
      }
      if (busy) return true;
      if (stopping) return false;
      while (!stopping && queues[0].empty() && queues[1].empty()) arrived.wait(mutex);
    }
  }

  void start(ChannelState& channel) {
    if (options.check_order) {
      channel.running->operation =
          make_order_check(*channel.mpi, channel.sequence, std::move(channel.running->operation));
    }
    ++channel.sequence;
    const auto index = static_cast<int>(&channel - channels.data());
    channel.token = watchdog.arm(channel.running->operation->name(),
                                 [index, number = channel.sequence](double seconds) {
                                   return missing_in(index, number, seconds);
                                 });
    try {
      channel.running->operation->start();
    } catch (const std::exception&) {
      finish(channel, std::current_exception());
    }
  }

  // True if the channel's collective ended.
  bool step(ChannelState& channel) {
    if (!channel.running) return false;
    try {
      if (!channel.running->operation->advance()) return false;
      finish(channel, nullptr);
    } catch (const std::exception&) {
      finish(channel, std::current_exception());
    }
    return true;
  }

  void finish(ChannelState& channel, std::exception_ptr problem) {
    watchdog.disarm(channel.token);
    const std::unique_ptr<Queued> ended = std::move(channel.running);
    ended->done(std::move(problem));
  }

  const Options options;
  Watchdog watchdog;
  std::array<ChannelState, 2> channels;
  Mutex mutex;
  Condition arrived;
  std::array<std::deque<Queued>, 2> queues HELIP_GUARDED_BY(mutex);  // one of each channel
  bool stopping HELIP_GUARDED_BY(mutex) = false;
  double answered = 0;  // when roll calls were; of the communication thread
  std::thread thread;
};

MpiWorld::MpiWorld(const Options& options) {
  if (world_is_open.exchange(true)) {
    throw CommError({.what = "this process has an MPI group already",
                     .where = "comm::open_group",
                     .expected = "one at a time",
                     .found = "a second one"});
  }
  try {
    mpi_choose_part(options.part);
    state_ = std::make_unique<State>(options);
  } catch (...) {
    world_is_open = false;
    throw;
  }
}

MpiWorld::~MpiWorld() {
  state_.reset();
  world_is_open = false;
}

int MpiWorld::rank() const { return mpi_rank(mpi_channel(0)); }
int MpiWorld::size() const { return mpi_size(mpi_channel(0)); }
int MpiWorld::local_rank() const { return mpi_local_rank(); }
int MpiWorld::local_size() const { return mpi_local_size(); }

void MpiWorld::all_gather(Channel channel, const void* mine, std::size_t bytes, void* all,
                          Completion done) {
  const MpiChannel& mpi = mpi_channel(static_cast<int>(channel));
  state_->submit(channel, make_all_gather(mpi, mine, bytes, all), std::move(done));
}

void MpiWorld::all_reduce_sum(Channel channel, Number number, void* data, std::size_t count,
                              Completion done) {
  const MpiChannel& mpi = mpi_channel(static_cast<int>(channel));
  state_->submit(channel, make_all_reduce(mpi, number, data, count), std::move(done));
}

void MpiWorld::reduce_scatter_sum(Channel channel, Number number, const void* global,
                                  std::size_t count, void* mine, Completion done) {
  const MpiChannel& mpi = mpi_channel(static_cast<int>(channel));
  state_->submit(channel, make_reduce_scatter(mpi, number, global, count, mine), std::move(done));
}

void MpiWorld::broadcast(Channel channel, void* data, std::size_t bytes, int root,
                         Completion done) {
  const MpiChannel& mpi = mpi_channel(static_cast<int>(channel));
  state_->submit(channel, make_broadcast(mpi, data, bytes, root), std::move(done));
}

void MpiWorld::barrier(Channel channel, Completion done) {
  const MpiChannel& mpi = mpi_channel(static_cast<int>(channel));
  state_->submit(channel, make_barrier(mpi), std::move(done));
}

std::string MpiWorld::broadcast_text(const std::string& text) {
  std::uint64_t length = text.size();
  run_and_wait([&](Completion done) {
    broadcast(Channel::kGathers, &length, sizeof(length), 0, std::move(done));
  });
  std::string all = text;
  all.resize(length);
  if (length == 0) return all;
  run_and_wait([&](Completion done) {
    broadcast(Channel::kGathers, all.data(), length, 0, std::move(done));
  });
  return all;
}

void MpiWorld::abandon() { mpi_leave_out_finalize(); }

void run_and_wait(const std::function<void(MpiWorld::Completion)>& start) {
  // Shared: the communication thread is still inside set_value when the waiting thread goes on.
  const auto ended = std::make_shared<std::promise<void>>();
  std::future<void> result = ended->get_future();
  start([ended](const std::exception_ptr& problem) {
    if (problem) {
      ended->set_exception(problem);
    } else {
      ended->set_value();
    }
  });
  result.get();
}

}  // namespace helip::comm
