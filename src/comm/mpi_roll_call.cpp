#include "comm/mpi_roll_call.h"

#include <chrono>
#include <deque>
#include <thread>

#include "comm/mpi_lane_internal.h"
#include "comm/mpi_operation.h"
#include "common/clock.h"

namespace helip::comm {
namespace {

constexpr int kRollCallLane = 2;
constexpr int kQuestionTag = 1;
constexpr int kAnswerTag = 2;

struct Question {
  std::uint64_t call = 0;  // tells answers to an earlier question apart
  std::uint64_t lane = 0;
  std::uint64_t number = 0;
};
struct Answer {
  std::uint64_t call = 0;
  std::uint64_t has_begun = 0;
};

const MpiLane& roll_call_lane() { return mpi_lane(kRollCallLane); }

// The next message with that tag; false if there is none.
template <typename T>
bool receive(int tag, T& message, int& from) {
  int there = 0;
  MPI_Status status;
  check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, tag, roll_call_lane().comm, &there, &status), "MPI_Iprobe");
  if (there == 0) return false;
  from = status.MPI_SOURCE;
  check_mpi(MPI_Recv(&message, sizeof message, MPI_BYTE, from, tag, roll_call_lane().comm,
                     MPI_STATUS_IGNORE),
            "MPI_Recv");
  return true;
}

// A dead peer never takes what it is sent: questions are not waited for, and stay where they are.
void ask(const Question& question) {
  static std::deque<Question> sent;
  const Question& kept = sent.emplace_back(question);
  for (int r = 0; r < roll_call_lane().size; ++r) {
    if (r == roll_call_lane().rank) continue;
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(
        MPI_Isend(&kept, sizeof kept, MPI_BYTE, r, kQuestionTag, roll_call_lane().comm, &request),
        "MPI_Isend");
    check_mpi(MPI_Request_free(&request), "MPI_Request_free");
  }
}

}  // namespace

std::vector<int> call_the_roll(int lane, std::uint64_t number, double seconds) {
  static std::uint64_t calls = 0;
  const Question question = {
      .call = ++calls, .lane = static_cast<std::uint64_t>(lane), .number = number};
  ask(question);
  std::vector<bool> present(static_cast<std::size_t>(roll_call_lane().size), false);
  present[static_cast<std::size_t>(roll_call_lane().rank)] = true;
  const double end = monotonic_seconds() + seconds;
  while (monotonic_seconds() < end) {
    Answer answer;
    int from = 0;
    if (!receive(kAnswerTag, answer, from)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    if (answer.call == question.call && answer.has_begun != 0) {
      present[static_cast<std::size_t>(from)] = true;
    }
  }
  std::vector<int> absent;
  for (int r = 0; r < roll_call_lane().size; ++r) {
    if (!present[static_cast<std::size_t>(r)]) absent.push_back(r);
  }
  return absent;
}

void answer_roll_calls(const BegunCollectives& begun) {
  Question question;
  int from = 0;
  while (receive(kQuestionTag, question, from)) {
    const Answer answer = {.call = question.call,
                           .has_begun = begun.at(question.lane) >= question.number ? 1U : 0U};
    check_mpi(MPI_Send(&answer, sizeof answer, MPI_BYTE, from, kAnswerTag, roll_call_lane().comm),
              "MPI_Send");
  }
}

}  // namespace helip::comm
