#include "comm/find_stragglers.h"

#include <chrono>
#include <deque>
#include <thread>

#include "comm/mpi_channel_internal.h"
#include "comm/mpi_session.h"
#include "common/clock.h"

namespace helip::comm {
namespace {

constexpr int kRollCallChannel = 2;
constexpr int kQuestionTag = 1;
constexpr int kAnswerTag = 2;

struct Question {
  std::uint64_t call = 0;  // tells answers to an earlier question apart
  std::uint64_t channel = 0;
  std::uint64_t number = 0;
};
struct Answer {
  std::uint64_t call = 0;
  std::uint64_t has_begun = 0;
};

const MpiChannel& straggler_channel() { return mpi_channel(kRollCallChannel); }

// The next message with that tag; false if there is none.
template <typename T>
bool receive(int tag, T& message, int& from) {
  int there = 0;
  MPI_Status status;
  check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, tag, straggler_channel().comm, &there, &status),
            "MPI_Iprobe");
  if (there == 0) return false;
  from = status.MPI_SOURCE;
  check_mpi(MPI_Recv(&message, sizeof message, MPI_BYTE, from, tag, straggler_channel().comm,
                     MPI_STATUS_IGNORE),
            "MPI_Recv");
  return true;
}

// A dead peer never takes what it is sent: questions are not waited for, and stay where they are.
void ask(const Question& question) {
  static std::deque<Question> sent;
  const Question& kept = sent.emplace_back(question);
  for (int r = 0; r < straggler_channel().size; ++r) {
    if (r == straggler_channel().rank) continue;
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(MPI_Isend(&kept, sizeof kept, MPI_BYTE, r, kQuestionTag, straggler_channel().comm,
                        &request),
              "MPI_Isend");
    check_mpi(MPI_Request_free(&request), "MPI_Request_free");
  }
}

}  // namespace

std::vector<int> call_the_roll(int channel, std::uint64_t number, double seconds) {
  static std::uint64_t calls = 0;
  const Question question = {
      .call = ++calls, .channel = static_cast<std::uint64_t>(channel), .number = number};
  ask(question);
  std::vector<bool> present(static_cast<std::size_t>(straggler_channel().size), false);
  present[static_cast<std::size_t>(straggler_channel().rank)] = true;
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
  for (int r = 0; r < straggler_channel().size; ++r) {
    if (!present[static_cast<std::size_t>(r)]) absent.push_back(r);
  }
  return absent;
}

void answer_roll_calls(const BegunCollectives& begun) {
  Question question;
  int from = 0;
  while (receive(kQuestionTag, question, from)) {
    const Answer answer = {.call = question.call,
                           .has_begun = begun.at(question.channel) >= question.number ? 1U : 0U};
    check_mpi(
        MPI_Send(&answer, sizeof answer, MPI_BYTE, from, kAnswerTag, straggler_channel().comm),
        "MPI_Send");
  }
}

}  // namespace helip::comm
