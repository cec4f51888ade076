#include "cli/job_text.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/text.h"
#include "config/input_bound.h"

namespace helip::cli {
namespace {

std::string padded(const std::string& text, std::size_t width) {
  return text.size() >= width ? text : text + std::string(width - text.size(), ' ');
}

std::string count(double value) { return cat(static_cast<long long>(std::llround(value))); }

std::string percent(const rpc::StageStatus& stage) {
  if (stage.total <= 0) return "";
  return cat(static_cast<int>(100 * stage.done / stage.total), " %");
}

std::string progress_of(const rpc::StageStatus& stage) {
  if (stage.total <= 0) return "";
  return cat(count(stage.done), "/", count(stage.total), " ", stage.unit);
}

std::string rate_of(double rate) { return rate > 0 ? cat(decimal(rate, 1), "/s") : ""; }

std::string eta_of(double seconds) {
  return seconds < 0 ? "" : cat("ETA ", human_seconds(seconds));
}

std::string join(const std::vector<std::string>& parts) {
  std::string line;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!line.empty()) line += "  ";
    line += part;
  }
  return line;
}

std::string waiting_of(const rpc::TrainNumbers& train) {
  return cat("  waiting for data ", decimal(100 * train.data_share, 0), " %",
             train.data_share > config::kInputBoundShare ? " (input bound)" : "");
}

std::string scores_of(const rpc::TrainNumbers& train) {
  std::string text;
  for (const rpc::ScoreNumber& score : train.scores) {
    text += cat("  ", printable(score.dataset), " ", printable(score.metric), " ",
                decimal(score.value, 4));
  }
  return text.empty() ? text : cat("scores   step ", train.scores_step, text, "\n");
}

std::string train_line(const rpc::TrainNumbers& train) {
  return cat("seed ", train.seed, "  step ", train.step, "/", train.steps, "  epoch ",
             decimal(train.epoch, 2), "  loss ", decimal(train.loss, 4), " (contrastive ",
             decimal(train.contrastive_loss, 4), ", margin ", decimal(train.margin_loss, 4),
             train.ssl_loss ? cat(", self-supervised ", decimal(*train.ssl_loss, 4)) : "", ")  lr ",
             train.lr, "  ", decimal(train.samples_per_second, 1), " samples/s", waiting_of(train));
}

}  // namespace

std::string one_line(const rpc::JobStatus& status) {
  if (!status.stage || status.state != rpc::JobState::kRunning) {
    return std::string(name_of(status.state));
  }
  const auto& stage = status.stages[static_cast<std::size_t>(*status.stage)];
  const auto live =
      std::count_if(status.workers.begin(), status.workers.end(),
                    [](const auto& worker) { return worker.state != rpc::WorkerState::kLost; });
  const bool training = *status.stage == jobs::Stage::kTrain && status.train;
  return join(
      {std::string(name_of(*status.stage)), percent(stage), progress_of(stage), rate_of(stage.rate),
       eta_of(stage.eta_seconds),
       training ? cat("loss ", decimal(status.train->loss, 4)) : std::string(),
       training && status.train->data_share > config::kInputBoundShare
           ? cat("input bound, ", decimal(100 * status.train->data_share, 0), " % waiting for data")
           : std::string(),
       cat(live, live == 1 ? " worker" : " workers")});
}

std::string full_text(const rpc::JobStatus& status) {
  std::string text =
      cat("job      ", name_of(status.state), "  ", printable(status.work_dir), "  config ",
          status.config_digest.substr(0, 12), "  up ", human_seconds(status.elapsed_seconds), "\n");
  if (!status.failure.empty()) text += cat("failure  ", printable(status.failure), "\n");
  for (const rpc::StageStatus& stage : status.stages) {
    text +=
        cat(padded(std::string(name_of(stage.stage)), 9),
            join({padded(std::string(name_of(stage.state)), 8), percent(stage), progress_of(stage),
                  stage.tasks_total > 0 && stage.unit != "tasks"
                      ? cat(stage.tasks_done, "/", stage.tasks_total, " tasks")
                      : std::string(),
                  rate_of(stage.rate), eta_of(stage.eta_seconds)}),
            "\n");
  }
  if (status.quarantined > 0) {
    text += cat("quarantine ", status.quarantined, " pairs, see ", printable(status.work_dir),
                "/corpus/quarantine.jsonl\n");
  }
  if (status.train) {
    text += cat("training ", train_line(*status.train), "\n", scores_of(*status.train));
  }
  for (const rpc::WorkerStatus& worker : status.workers) {
    text += cat("worker ", rpc::number(worker.worker), "  rank ", worker.rank, "/",
                worker.world_size, "  ",
                join({cat(printable(worker.host), ":", worker.pid), worker.device,
                      padded(std::string(name_of(worker.state)), 8), worker.task,
                      worker.total > 0 ? cat(worker.done, "/", worker.total) : std::string(),
                      rate_of(worker.rate),
                      worker.state == rpc::WorkerState::kLost
                          ? cat("silent for ", human_seconds(worker.silent_seconds))
                          : std::string()}),
                "\n");
  }
  return text;
}

}  // namespace helip::cli
