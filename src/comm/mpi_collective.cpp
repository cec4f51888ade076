#include "comm/mpi_collective.h"

#include <algorithm>
#include <array>
#include <climits>
#include <cstdint>
#include <cstring>
#include <vector>

#include "comm/mpi_channel_internal.h"
#include "common/error.h"
#include "common/text.h"

namespace helip::comm {

namespace {

// Messages of one pair of ranks arrive in order, and a channel runs one collective at a time.
constexpr int kTag = 1;

int message_bytes(std::size_t bytes) {
  if (bytes > INT_MAX) {
    throw CommError({.what = "a message is too long for MPI",
                     .where = "collective",
                     .expected = cat("at most ", INT_MAX, " bytes"),
                     .found = cat(bytes, " bytes")});
  }
  return static_cast<int>(bytes);
}

class Requests {
 public:
  void send(const MpiChannel& channel, const void* data, std::size_t bytes, int to) {
    check_mpi(MPI_Isend(data, message_bytes(bytes), MPI_BYTE, to, kTag, channel.comm, &add()),
              "MPI_Isend");
  }
  void receive(const MpiChannel& channel, void* data, std::size_t bytes, int from) {
    check_mpi(MPI_Irecv(data, message_bytes(bytes), MPI_BYTE, from, kTag, channel.comm, &add()),
              "MPI_Irecv");
  }
  MPI_Request& add() { return requests_.emplace_back(MPI_REQUEST_NULL); }

  void reserve(int count) { requests_.reserve(static_cast<std::size_t>(count)); }
  bool complete() {
    if (requests_.empty()) return true;
    int done = 0;
    check_mpi(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &done,
                          MPI_STATUSES_IGNORE),
              "MPI_Testall");
    if (done != 0) requests_.clear();
    return done != 0;
  }

 private:
  std::vector<MPI_Request> requests_;
};

class AllGather final : public MpiCollective {
 public:
  AllGather(const MpiChannel& channel, const void* mine, std::size_t bytes, void* all)
      : channel_(channel), mine_(mine), bytes_(bytes), all_(all) {}
  void start() override {
    check_mpi(MPI_Iallgather(mine_, message_bytes(bytes_), MPI_BYTE, all_, message_bytes(bytes_),
                             MPI_BYTE, channel_.comm, &requests_.add()),
              "MPI_Iallgather");
  }
  bool advance() override { return requests_.complete(); }
  [[nodiscard]] std::string name() const override {
    return cat("all-gather of ", bytes_, " bytes");
  }

 private:
  const MpiChannel& channel_;
  const void* mine_;
  std::size_t bytes_;
  void* all_;
  Requests requests_;
};

class Broadcast final : public MpiCollective {
 public:
  Broadcast(const MpiChannel& channel, void* data, std::size_t bytes, int root)
      : channel_(channel), data_(data), bytes_(bytes), root_(root) {}
  void start() override {
    check_mpi(
        MPI_Ibcast(data_, message_bytes(bytes_), MPI_BYTE, root_, channel_.comm, &requests_.add()),
        "MPI_Ibcast");
  }
  bool advance() override { return requests_.complete(); }
  [[nodiscard]] std::string name() const override {
    return cat("broadcast of ", bytes_, " bytes from rank ", root_);
  }

 private:
  const MpiChannel& channel_;
  void* data_;
  std::size_t bytes_;
  int root_;
  Requests requests_;
};

class Barrier final : public MpiCollective {
 public:
  explicit Barrier(const MpiChannel& channel) : channel_(channel) {}
  void start() override {
    check_mpi(MPI_Ibarrier(channel_.comm, &requests_.add()), "MPI_Ibarrier");
  }
  bool advance() override { return requests_.complete(); }
  [[nodiscard]] std::string name() const override { return "barrier"; }

 private:
  const MpiChannel& channel_;
  Requests requests_;
};

// Parts of an array, one for each rank: equal but for the first ones, which are longer by one
// element.
struct Part {
  std::size_t first;
  std::size_t count;
};

Part part_of(std::size_t count, int rank, int size) {
  const auto ranks = static_cast<std::size_t>(size);
  const auto r = static_cast<std::size_t>(rank);
  const std::size_t base = count / ranks;
  const std::size_t longer = count % ranks;
  return {r * base + std::min(r, longer), base + (r < longer ? 1 : 0)};
}

// Every rank sends each other rank that rank's part, and adds what it receives for its own part in
// rank order.
class ReducePart {
 public:
  ReducePart(const MpiChannel& channel, Number number) : channel_(channel), number_(number) {}

  // `parts[r]` of `data` go to rank r; `mine` is where the sum of this rank's part goes (it may lie
  // inside data).
  void start(const std::byte* data, const std::vector<Part>& parts, void* mine) {
    const std::size_t width = size_of(number_);
    const Part& own = parts[static_cast<std::size_t>(channel_.rank)];
    const auto others = static_cast<std::size_t>(channel_.size - 1);
    count_ = own.count;
    mine_ = mine;
    received_.resize(others * own.count * width);
    addends_.resize(static_cast<std::size_t>(channel_.size));
    requests_.reserve(2 * channel_.size);
    std::byte* next = received_.data();
    for (int r = 0; r < channel_.size; ++r) {
      if (r == channel_.rank) {
        addends_[static_cast<std::size_t>(r)] = data + own.first * width;
        continue;
      }
      addends_[static_cast<std::size_t>(r)] = next;
      if (own.count > 0) requests_.receive(channel_, next, own.count * width, r);
      next += own.count * width;
    }
    for (int step = 1; step < channel_.size; ++step) {
      const int to = (channel_.rank + step) % channel_.size;  // not all to rank 0 first
      const Part& part = parts[static_cast<std::size_t>(to)];
      if (part.count > 0)
        requests_.send(channel_, data + part.first * width, part.count * width, to);
    }
  }
  bool advance() {
    if (!requests_.complete()) return false;
    sum_in_rank_order(number_, addends_, count_, mine_);
    return true;
  }

 private:
  const MpiChannel& channel_;
  const Number number_;
  std::size_t count_ = 0;
  void* mine_ = nullptr;
  std::vector<std::byte> received_;
  std::vector<const void*> addends_;
  Requests requests_;
};

std::vector<Part> parts_of(std::size_t count, int size) {
  std::vector<Part> parts;
  for (int r = 0; r < size; ++r) parts.push_back(part_of(count, r, size));
  return parts;
}

class ReduceScatter final : public MpiCollective {
 public:
  ReduceScatter(const MpiChannel& channel, Number number, const void* global, std::size_t count,
                void* mine)
      : channel_(channel), global_(global), count_(count), mine_(mine), reduce_(channel, number) {}
  void start() override {
    reduce_.start(static_cast<const std::byte*>(global_),
                  parts_of(count_ * static_cast<std::size_t>(channel_.size), channel_.size), mine_);
  }
  bool advance() override { return reduce_.advance(); }
  [[nodiscard]] std::string name() const override {
    return cat("reduce-scatter of ", count_, " numbers per rank");
  }

 private:
  const MpiChannel& channel_;
  const void* global_;
  std::size_t count_;
  void* mine_;
  ReducePart reduce_;
};

class AllReduce final : public MpiCollective {
 public:
  AllReduce(const MpiChannel& channel, Number number, void* data, std::size_t count)
      : channel_(channel),
        number_(number),
        data_(static_cast<std::byte*>(data)),
        count_(count),
        parts_(parts_of(count, channel.size)),
        reduce_(channel, number) {}
  void start() override { reduce_.start(data_, parts_, address(channel_.rank)); }
  bool advance() override {
    if (!gathering_) {
      if (!reduce_.advance()) return false;
      gathering_ = true;
      start_gather();
    }
    return gather_.complete();
  }
  [[nodiscard]] std::string name() const override {
    return cat("all-reduce of ", count_, " numbers");
  }

 private:
  std::byte* address(int rank) {
    return data_ + parts_[static_cast<std::size_t>(rank)].first * size_of(number_);
  }
  std::size_t bytes(int rank) const {
    return parts_[static_cast<std::size_t>(rank)].count * size_of(number_);
  }
  void start_gather() {
    gather_.reserve(2 * channel_.size);
    for (int step = 1; step < channel_.size; ++step) {
      const int from = (channel_.rank + channel_.size - step) % channel_.size;
      if (bytes(from) > 0) gather_.receive(channel_, address(from), bytes(from), from);
    }
    for (int step = 1; step < channel_.size; ++step) {
      const int to = (channel_.rank + step) % channel_.size;
      if (bytes(channel_.rank) > 0)
        gather_.send(channel_, address(channel_.rank), bytes(channel_.rank), to);
    }
  }

  const MpiChannel& channel_;
  const Number number_;
  std::byte* data_;
  std::size_t count_;
  std::vector<Part> parts_;
  ReducePart reduce_;
  bool gathering_ = false;
  Requests gather_;
};

class OrderCheck final : public MpiCollective {
 public:
  OrderCheck(const MpiChannel& channel, std::uint64_t sequence,
             std::unique_ptr<MpiCollective> inner)
      : channel_(channel),
        sequence_(sequence),
        inner_(std::move(inner)),
        all_(static_cast<std::size_t>(channel.size)) {}
  void start() override {
    const std::string text = cat(inner_->name(), " as number ", sequence_);
    text.copy(mine_.data(), mine_.size() - 1);
    check_mpi(MPI_Iallgather(mine_.data(), kText, MPI_BYTE, all_.data(), kText, MPI_BYTE,
                             channel_.comm, &requests_.add()),
              "MPI_Iallgather");
  }
  bool advance() override {
    if (!checked_) {
      if (!requests_.complete()) return false;
      for (std::size_t r = 1; r < all_.size(); ++r) compare(r);
      checked_ = true;
      inner_->start();
    }
    return inner_->advance();
  }
  [[nodiscard]] std::string name() const override { return inner_->name(); }

 private:
  static constexpr int kText = 120;
  using Text = std::array<char, kText>;

  void compare(std::size_t rank) {
    if (all_[rank] == all_[0]) return;
    throw CommError({.what = "the ranks run different collectives",
                     .where = cat("rank ", rank),
                     .expected = cat("as rank 0: ", all_[0].data()),
                     .found = all_[rank].data()});
  }

  const MpiChannel& channel_;
  const std::uint64_t sequence_;
  std::unique_ptr<MpiCollective> inner_;
  Text mine_{};
  std::vector<Text> all_;
  Requests requests_;
  bool checked_ = false;
};

}  // namespace

std::unique_ptr<MpiCollective> make_all_gather(const MpiChannel& channel, const void* mine,
                                               std::size_t bytes, void* all) {
  return std::make_unique<AllGather>(channel, mine, bytes, all);
}
std::unique_ptr<MpiCollective> make_all_reduce(const MpiChannel& channel, Number number, void* data,
                                               std::size_t count) {
  return std::make_unique<AllReduce>(channel, number, data, count);
}
std::unique_ptr<MpiCollective> make_reduce_scatter(const MpiChannel& channel, Number number,
                                                   const void* global, std::size_t count,
                                                   void* mine) {
  return std::make_unique<ReduceScatter>(channel, number, global, count, mine);
}
std::unique_ptr<MpiCollective> make_broadcast(const MpiChannel& channel, void* data,
                                              std::size_t bytes, int root) {
  return std::make_unique<Broadcast>(channel, data, bytes, root);
}
std::unique_ptr<MpiCollective> make_barrier(const MpiChannel& channel) {
  return std::make_unique<Barrier>(channel);
}
std::unique_ptr<MpiCollective> make_order_check(const MpiChannel& channel, std::uint64_t sequence,
                                                std::unique_ptr<MpiCollective> inner) {
  return std::make_unique<OrderCheck>(channel, sequence, std::move(inner));
}

}  // namespace helip::comm
