#include "model/files/tensor_check.h"

#include <catch2/catch.hpp>
#include <string>

#include "common/error.h"

namespace helip::model {
namespace {

using Catch::Matchers::Contains;

// The dtypes of a weight, a counter and a mask in a file, checked against a model's.
std::string refusal(const std::string& weight, const std::string& counter,
                    const std::string& mask) {
  const std::map<std::string, ExpectedTensor> expected = {
      {"weight", {.shape = {2}}},
      {"batches", {.shape = {}, .dtype = "I64"}},
      {"mask", {.shape = {2}, .dtype = "BOOL"}}};
  const std::map<std::string, store::TensorView> found = {
      {"weight", {.dtype = weight, .shape = {2}}},
      {"batches", {.dtype = counter}},
      {"mask", {.dtype = mask, .shape = {2}}}};
  try {
    check_same_tensors(expected, found, "weights.safetensors");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("weights may be of any floating-point dtype, other tensors are of their own") {
  for (const char* weight : {"F32", "F16", "BF16", "F64"}) {
    CHECK(refusal(weight, "I64", "BOOL").empty());
  }
  CHECK_THAT(refusal("I64", "I64", "BOOL"),
             Contains("'weight' has another dtype") && Contains("found I64"));
  CHECK_THAT(refusal("F32", "F32", "BOOL"),
             Contains("'batches' has another dtype") && Contains("expected I64"));
  CHECK_THAT(refusal("F32", "I32", "BOOL"), Contains("'batches' has another dtype"));
  CHECK_THAT(refusal("F32", "I64", "U8"),
             Contains("'mask' has another dtype") && Contains("expected BOOL"));
}

}  // namespace helip::model
