#include "worker/stage_task_runner.h"

#include <filesystem>
#include <string>
#include <utility>

#include "common/error.h"
#include "engine/engine.h"
#include "worker/stages/stages.h"

namespace helip::worker {
namespace {

class StageTaskRunner final : public TaskRunner {
 public:
  StageTaskRunner(const config::RunConfig& config, const Rank& rank, const jobs::WorkDir& work_dir)
      : bench_(config, rank, work_dir),
        exchange_(work_dir.exchange(rank.launch)),
        requests_(exchange_) {}

  [[nodiscard]] std::string device() override { return bench_.known_device(); }

  TaskOutcome run(const jobs::Task& task, const std::filesystem::path& partial,
                  const TaskHooks& hooks) override {
    switch (task.stage) {
      case jobs::Stage::kIndex:
        return run_index(bench_, task, partial, hooks);
      case jobs::Stage::kEncode:
        return run_encode(bench_, task, partial, hooks);
      case jobs::Stage::kMine:
        return run_mine(bench_, task, partial, hooks);
      case jobs::Stage::kEval:
        return run_eval(bench_, task, partial, hooks);
      case jobs::Stage::kReport:
        return run_report(bench_, task, partial, hooks);
      case jobs::Stage::kTrain:
        break;
    }
    throw CommError({.what = "a training was leased outside of a group", .where = task.name});
  }

  [[nodiscard]] bool is_mining_rank() const override {
    return worker::is_mining_rank(bench_.config().remine, bench_.rank());
  }

  std::unique_ptr<comm::Group> open_group() override {
    const Rank& rank = bench_.rank();
    // Launches by hand may have names that were there before. Nobody asks before all have opened.
    if (rank.rank == 0) std::filesystem::remove_all(exchange_);
    const double timeout = bench_.config().train.collective_timeout_seconds;
    const std::string device = bench_.device();
    if (is_mining_rank()) return engine::engine().open_group("mpi", "cpu", timeout, /*part=*/1);
    const std::string backend = rank.size == 1               ? "local"
                                : device.starts_with("cuda") ? "nccl"
                                                             : "mpi";
    return engine::engine().open_group(backend, device, timeout, /*part=*/0);
  }

  bool mine_for_training(comm::Group& group, const TaskHooks& hooks) override {
    bench_.close_sessions();
    return worker::mine_for_training(bench_, group, hooks.should_stop);
  }

  void mining_failed(const std::exception& error, const TaskHooks& hooks) override {
    requests_.fail(error, bench_.config().train.collective_timeout_seconds, hooks.should_stop);
  }

  void end_training(bool stopped) override {
    if (bench_.config().remine.workers > 0) requests_.end(stopped);
  }

  TaskOutcome train(const jobs::Task& task, comm::Group& group, const TaskHooks& hooks) override {
    return run_train(bench_, task, requests_, group, hooks);
  }

 private:
  Workbench bench_;
  const std::filesystem::path exchange_;
  const TableRequests requests_;
};

}  // namespace

std::unique_ptr<TaskRunner> make_stage_task_runner(const config::RunConfig& config,
                                                   const Rank& rank,
                                                   const jobs::WorkDir& work_dir) {
  return std::make_unique<StageTaskRunner>(config, rank, work_dir);
}

}  // namespace helip::worker
