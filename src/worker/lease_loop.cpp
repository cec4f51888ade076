#include "worker/lease_loop.h"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>

#include "common/digest.h"
#include "common/error.h"
#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "jobs/result_file.h"
#include "jobs/task.h"

namespace helip::worker {
namespace {

namespace fs = std::filesystem;

// A rename survives a power cut once its folder is on disk.
void rename_durably(const fs::path& from, const fs::path& to) {
  fs::rename(from, to);
  const int folder = ::open(to.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  const int reason = errno;
  if (folder >= 0) ::close(folder);
  if (!synced) {
    throw StoreError({.what = "cannot make a result durable",
                      .where = to.string(),
                      .found = std::generic_category().message(reason)});
  }
}

// A launch that ends with kExitUsage is not started again (coordinator/supervisor).
int exit_code_of(const std::exception& error) {
  return kind_of(error) == rpc::FailureKind::kConfig ? kExitUsage : kExitFailed;
}

// What rank 0 tells the group besides leases.
constexpr const char* kGroupDone = "done";
constexpr const char* kGroupStop = "stop";

}  // namespace

rpc::FailureKind kind_of(const std::exception& error) {
  if (dynamic_cast<const ConfigError*>(&error) != nullptr) return rpc::FailureKind::kConfig;
  if (dynamic_cast<const DataError*>(&error) != nullptr) return rpc::FailureKind::kData;
  return rpc::FailureKind::kTransient;
}

LeaseLoop::LeaseLoop(Connection& connection, const Clock& clock, LoopOptions options,
                     RunnerFactory factory)
    : connection_(connection),
      clock_(clock),
      options_(std::move(options)),
      factory_(std::move(factory)) {}

bool LeaseLoop::should_stop() const { return options_.stop_asked() || keeper_->asked_to_stop(); }

TaskHooks LeaseLoop::hooks() {
  TaskHooks hooks;
  hooks.check_lease = [this] {
    if (!keeper_->held()) throw TaskAbandoned({.what = "the lease is lost"});
    if (should_stop()) throw TaskAbandoned({.what = "the worker was asked to stop"});
  };
  hooks.progress = [this, check = hooks.check_lease](std::uint64_t done, std::uint64_t total) {
    keeper_->progress(done, total);
    check();
  };
  hooks.train_progress = [this](const rpc::TrainNumbers& train) { keeper_->progress(train); };
  hooks.should_stop = [this] { return should_stop(); };
  return hooks;
}

int LeaseLoop::run() {
  rpc::RegisterRequest about;
  about.launch = options_.rank.launch;
  about.rank = options_.rank.rank;
  about.world_size = options_.rank.size;
  about.host = options_.host;
  about.pid = options_.pid;
  about.stages = options_.stages;
  try {
    job_ = connection_.enroll(about);
    work_dir_.emplace(job_.work_dir);
    runner_ = factory_(job_);
    keeper_ = std::make_unique<LeaseKeeper>(connection_, clock_, job_.heartbeat_seconds,
                                            job_.lease_seconds);
    while (!options_.stop_asked() && !stopped_) {
      const rpc::AcquireReply answer = connection_.acquire(false);
      if (const auto* lease = std::get_if<rpc::Lease>(&answer)) {
        run_task(*lease);
      } else if (const auto* wait = std::get_if<rpc::Wait>(&answer)) {
        options_.wait(wait->seconds);
      } else if (const auto* leave = std::get_if<rpc::Leave>(&answer)) {
        log::info(cat("leaving: ", leave->reason));
        if (leave->failed) return kExitFailed;
        return keeper_->asked_to_stop() ? kExitPreempted : kExitDone;
      } else {
        train_in_group();
      }
    }
    log::info("stopped");
  } catch (const Orphaned& error) {
    log::error(error.what());
  }
  return kExitPreempted;
}

void LeaseLoop::publish(const rpc::Lease& lease, const jobs::Task& task, const TaskOutcome& outcome,
                        const fs::path& partial) {
  rpc::CompleteRequest done;
  done.task = lease.task;
  done.fence = lease.fence;
  done.rate = outcome.rate;
  const auto final_path = [&] {
    return work_dir_->tasks(task.stage) /
           jobs::result_name(task, rpc::number(lease.fence), done.sha256);
  };
  const auto expect_held = [&] {
    if (!keeper_->held()) throw TaskAbandoned({.what = "the lease is lost"});
  };
  if (outcome.sha256.empty()) {
    const std::string content = jobs::result_text(task, outcome.result);
    done.sha256 = sha256_hex(content);
    done.bytes = content.size();
    expect_held();
    publish_file(final_path(), content);
  } else {
    done.sha256 = outcome.sha256;
    done.bytes = fs::file_size(partial);
    expect_held();
    rename_durably(partial, final_path());
  }
  connection_.complete(done);
}

void LeaseLoop::report_failure(const rpc::Lease& lease, const std::string& error,
                               rpc::FailureKind kind) {
  rpc::FailRequest failure;
  failure.task = lease.task;
  failure.fence = lease.fence;
  failure.error = error;
  failure.kind = kind;
  try {
    connection_.fail(failure);
  } catch (const rpc::RpcError& refused) {
    // Somebody else holds the task by now: what went wrong here is of no account.
    log::warning(refused.what());
  }
}

void LeaseLoop::hand_back(const rpc::Lease& lease) {
  rpc::ReleaseRequest release;
  release.task = lease.task;
  release.fence = lease.fence;
  try {
    connection_.release(release);
  } catch (const rpc::RpcError& error) {
    log::warning(cat("the lease ends by itself: ", error.what()));
  }
}

// Catches every error: a task that fails is reported, and the worker lives on.
void LeaseLoop::run_task(const rpc::Lease& lease) {
  fs::path partial;
  keeper_->hold(lease);
  try {
    const jobs::Task task = jobs::task_from_json(lease.spec, "the lease");
    const fs::path folder = work_dir_->tasks(task.stage);
    fs::create_directories(folder);
    partial = folder / cat(task.name, "-", rpc::number(lease.fence), ".partial.",
                           jobs::result_extension(task));
    log::info(cat(jobs::label(task), ", attempt ", lease.attempt));
    const TaskOutcome outcome = runner_->run(task, partial, hooks());
    keeper_->set_device(runner_->device());
    // The runner works with the corpus and the model that the task names, or throws.
    if (task.stage != jobs::Stage::kIndex) {
      connection_.learned(task.corpus.fingerprint, task.corpus.model_digest);
    }
    publish(lease, task, outcome, partial);
  } catch (const TaskAbandoned& error) {
    log::warning(error.what());
    if (keeper_->held()) hand_back(lease);
  } catch (const Orphaned&) {
    throw;
  } catch (const std::exception& error) {
    const std::string line = line_of(error);
    log::error(line);
    report_failure(lease, line, kind_of(error));
  }
  keeper_->let_go();
  std::error_code ignored;
  if (!partial.empty()) fs::remove(partial, ignored);
}

// Rank 0: the next training's lease as JSON, or kGroupDone, or kGroupStop.
std::string LeaseLoop::next_in_group() {
  try {
    while (!should_stop()) {
      const rpc::AcquireReply answer = connection_.acquire(true);
      if (const auto* lease = std::get_if<rpc::Lease>(&answer)) return jobs::to_json(*lease);
      const auto* wait = std::get_if<rpc::Wait>(&answer);
      // Leave says to a group that the training is over: its ranks go on one by one.
      if (wait == nullptr) return kGroupDone;
      options_.wait(wait->seconds);
    }
  } catch (const Orphaned& error) {
    // The other ranks wait for word: tell them before leaving.
    log::error(error.what());
  }
  return kGroupStop;
}

void LeaseLoop::train_in_group() {
  log::info(cat("entering training as rank ", options_.rank.rank, " of ", options_.rank.size));
  const auto group = runner_->open_group();
  keeper_->set_device(runner_->device());
  if (runner_->is_mining_rank()) {
    mine_for_training(*group);
    return;
  }
  while (true) {
    const std::string word = group->broadcast_text(group->rank() == 0 ? next_in_group() : "");
    if (word == kGroupDone) break;
    if (word == kGroupStop ||
        !run_training(jobs::from_json<rpc::Lease>(word, "a lease from rank 0"), *group)) {
      stopped_ = true;
      break;
    }
  }
  if (group->rank() == 0) runner_->end_training(stopped_);
  log::info("training is over");
}

void LeaseLoop::mine_for_training(comm::Group& group) {
  log::info(cat("mining for the training as rank ", group.rank(), " of ", group.size()));
  try {
    stopped_ = !runner_->mine_for_training(group, hooks());
  } catch (const std::exception& error) {
    // This rank holds no lease to report it under. A training that did not hear of it waits for the
    // table: the launch must end and begin again.
    log::error(line_of(error));
    runner_->mining_failed(error, hooks());
    options_.end_process(exit_code_of(error));
    throw;
  }
}

// False: the training stopped early, with a checkpoint.
bool LeaseLoop::run_training(const rpc::Lease& lease, comm::Group& group) {
  const bool holder = group.rank() == 0;
  try {
    const jobs::Task task = jobs::task_from_json(lease.spec, "the lease");
    log::info(cat(jobs::label(task), ", attempt ", lease.attempt));
    if (holder) {
      keeper_->hold(lease);
      keeper_->on_loss([this] {
        log::error("the lease of the training is lost: ending the process");
        options_.end_process(kExitPreempted);
      });
    }
    const TaskOutcome outcome = runner_->train(task, group, hooks());
    // No collective is in progress any more, and a heartbeat that crosses the completion finds the
    // task done, which looks like a loss.
    if (holder) keeper_->on_loss(nullptr);
    if (holder && outcome.stopped) hand_back(lease);
    if (holder && !outcome.stopped) {
      keeper_->report();
      fs::create_directories(work_dir_->tasks(task.stage));
      publish(lease, task, outcome, {});
    }
    if (holder) keeper_->let_go();
    return !outcome.stopped;
  } catch (const std::exception& error) {
    // Peers may stand in a collective that this rank will never join. Every rank knows the fence,
    // so any may report.
    const std::string line = line_of(error);
    log::error(line);
    try {
      report_failure(lease, line, kind_of(error));
    } catch (const Orphaned& away) {
      log::error(away.what());
    }
    options_.end_process(exit_code_of(error));
    throw;
  }
}

}  // namespace helip::worker
