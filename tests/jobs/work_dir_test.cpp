#include "jobs/work_dir.h"

#include <catch2/catch.hpp>

using namespace helip;
using namespace helip::jobs;

TEST_CASE("a model's name is a plain folder name") {
  config::ModelConfig model;
  model.architecture = "/models/tiny-towers/";
  CHECK(model_name(model) == "tiny-towers");
  model.architecture = "configs/models/ViT-B-16.json";
  CHECK(model_name(model) == "ViT-B-16");
  model.name = "a/b c";
  CHECK(model_name(model) == "a_b_c");
  model.name = "..";
  CHECK(model_name(model) == "model");
}

TEST_CASE("paths of models and checkpoints follow the number of trainings") {
  const WorkDir work("/w/");
  config::TrainConfig train;
  train.seed = 4;
  CHECK(work.root() == "/w");
  CHECK(work.checkpoints(train, 4) == "/w/checkpoints");
  CHECK(work.model(train, 4) == "/w/model");
  train.repeats = 2;
  CHECK(work.checkpoints(train, 5) == "/w/checkpoints/seed-5");
  CHECK(work.model(train, 4) == "/w/model");
  CHECK(work.model(train, 5) == "/w/model-seed-5");
}

TEST_CASE("what is mined are the job's own embeddings, or ready ones") {
  const WorkDir work("/w");
  config::RunConfig config;
  config.model.architecture = "tiny";
  CHECK(work.image_embeddings(config) == "/w/embeddings/tiny/img_emb");
  CHECK(work.text_embeddings(config) == "/w/embeddings/tiny/text_emb");
  config.encoder.source = config::EncoderSource::kNpy;
  config.encoder.image_embeddings = "/i.npy";
  config.encoder.text_embeddings = "/t";
  CHECK(work.image_embeddings(config) == "/i.npy");
  CHECK(work.text_embeddings(config) == "/t");
}
