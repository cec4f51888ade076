// Pairs grouped by their joint vectors [I; T] / sqrt(2), whose inner product is the mean of the
// image and the text cosine: pairs with a high product s_I·s_T <= ((s_I + s_T) / 2)² lie close
// together. With a metric of one modality its unit vectors are used instead of joint vectors.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mining/kernels/int8_kernels.h"
#include "mining/pairs/mining_data.h"
#include "mining/screen/candidate_panels.h"

namespace helip::mining {

struct ClusterRule {
  std::uint32_t nlist = 1;  // inverted lists, one a centroid
  Metric metric = Metric::kProduct;
  std::uint64_t seed = 0;
  std::uint32_t threads = 1;
  std::string instruction_set = "auto";
};

// Returns how many comparisons of a pair with a centroid it takes to make `nlist` lists.
std::uint64_t clustering_comparisons(std::uint64_t pairs, std::uint32_t nlist);

// Spherical k-means, with similarities from the 8-bit kernels: the same lists on every instruction
// set and for any number of threads. Immutable; safe from many threads.
class JointClusters {
 public:
  // Trains the centroids on a sample and puts every pair into the list of its most similar centroid
  // (ties: the lowest list). `data` must outlive the object. Precondition: 1 <= nlist <= N.
  JointClusters(const MiningData& data, const ClusterRule& rule);
  ~JointClusters();

  [[nodiscard]] std::uint32_t nlist() const;
  // Returns clustering_comparisons of these pairs and lists.
  [[nodiscard]] std::uint64_t compared() const {
    return clustering_comparisons(list_of_.size(), nlist());
  }
  [[nodiscard]] std::uint32_t list_of(std::uint64_t pair) const { return list_of_[pair]; }
  // Returns the ids of a list, ascending.
  [[nodiscard]] std::span<const std::uint32_t> members(std::uint32_t list) const {
    return std::span(members_).subspan(begins_[list], begins_[list + 1] - begins_[list]);
  }
  // Returns the highest similarity of a member to the list's centroid; 0 if that similarity is
  // negative or the list is empty.
  [[nodiscard]] float closest_member(std::uint32_t list) const { return closest_members_[list]; }
  // Writes the similarities of pairs to all centroids into `out`, [pairs, nlist].
  void similarities(std::span<const std::uint32_t> pairs, std::span<float> out) const;

 private:
  class Centroids;
  const MiningData& data_;
  const Int8Kernel& kernel_;
  std::unique_ptr<Centroids> centroids_;
  std::vector<std::uint32_t> list_of_, members_;
  std::vector<std::uint64_t> begins_;
  std::vector<float> closest_members_;
};

}  // namespace helip::mining
