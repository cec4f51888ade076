#include "config/eval_metrics.h"

#include <catch2/catch.hpp>

namespace helip::config {
namespace {

std::vector<std::string> names_of(EvalTask task, const std::vector<std::uint32_t>& recall_k) {
  std::vector<std::string> names;
  for (const EvalMetric& metric : metrics_of(task, recall_k)) names.push_back(metric.name());
  return names;
}

TEST_CASE("a metric is found by its whole name alone") {
  REQUIRE(find_eval_metric("acc1"));
  CHECK(find_eval_metric("acc1")->kind->task == EvalTask::kZeroShot);
  REQUIRE(find_eval_metric("text_retrieval_recall@50"));
  CHECK(find_eval_metric("text_retrieval_recall@50")->k == 50);
  CHECK(find_eval_metric("text_retrieval_recall@50")->name() == "text_retrieval_recall@50");
  for (const char* other :
       {"", "acc", "acc1@1", "acc10", "mean_recall", "mean_recall@", "mean_recall@K",
        "mean_recall@0", "mean_recall@05", "mean_recall@1x", "mean_recall@-1",
        "mean_recall@4294967296", "text_retrieval_mean_rank@1", "lr", "fewshot_k"}) {
    INFO(other);
    CHECK_FALSE(find_eval_metric(other));
  }
}

TEST_CASE("a task gives its metrics with each K") {
  CHECK(names_of(EvalTask::kZeroShot, {7}) ==
        std::vector<std::string>{"acc1", "acc5", "mean_per_class_recall"});
  CHECK(names_of(EvalTask::kRetrieval, {1, 7}) ==
        std::vector<std::string>{"mean_recall@1", "mean_recall@7", "text_retrieval_recall@1",
                                 "text_retrieval_recall@7", "image_retrieval_recall@1",
                                 "image_retrieval_recall@7", "text_retrieval_mean_rank",
                                 "text_retrieval_median_rank", "image_retrieval_mean_rank",
                                 "image_retrieval_median_rank"});
  for (const auto& [task, name] : Choices<EvalTask>::kAll) {
    std::size_t headlines = 0;
    for (const EvalMetric& metric : metrics_of(task, {1, 5})) {
      INFO(metric.name());
      CHECK(find_eval_metric(metric.name())->place() == metric.place());
      if (is_headline(metric.name())) ++headlines;
    }
    CHECK(headlines == 1);
  }
}

TEST_CASE("people read fractions in percent and ranks as they are") {
  CHECK(metric_label("lp_acc1") == "accuracy");
  CHECK(metric_label("text_retrieval_mean_rank") == "image → text mean rank");
  CHECK(metric_label("image_retrieval_recall@5") == "text → image R@5");
  CHECK(metric_label("mean_recall@1") == "R@1, mean of both directions");
  CHECK(metric_label("lr") == "lr");
  CHECK(find_eval_metric("image_retrieval_recall@5")->column() == "t2i R@5");
  CHECK(is_rank("image_retrieval_median_rank"));
  CHECK_FALSE(is_rank("acc1"));
  CHECK_FALSE(is_rank("some_rank"));
  CHECK(shown_scale("text_retrieval_mean_rank") == 1);
  CHECK(shown_scale("mean_recall@1") == 100);
}

}  // namespace
}  // namespace helip::config
