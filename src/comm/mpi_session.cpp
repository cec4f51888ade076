#include "comm/mpi_session.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <string>

#include "comm/mpi_channel_internal.h"
#include "common/error.h"
#include "common/text.h"

namespace helip::comm {
namespace {

std::atomic<bool> leave_out_finalize{false};

void finalize_at_exit() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0 && !leave_out_finalize) MPI_Finalize();
}

std::atomic<int> chosen_part{0};

struct Session {
  const int part = chosen_part;
  std::array<MpiChannel, 3> channels;
  int local_rank = 0;
  int local_size = 1;

  Session() {
    int initialized = 0;
    check_mpi(MPI_Initialized(&initialized), "MPI_Initialized");
    int provided = MPI_THREAD_SINGLE;
    if (initialized != 0) {
      check_mpi(MPI_Query_thread(&provided), "MPI_Query_thread");
    } else {
      check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided),
                "MPI_Init_thread");
      std::atexit(finalize_at_exit);
    }
    if (provided < MPI_THREAD_MULTIPLE) {
      throw CommError({.what = "this MPI cannot be used from several threads",
                       .where = "MPI_Init_thread",
                       .expected = cat("MPI_THREAD_MULTIPLE (", MPI_THREAD_MULTIPLE, ")"),
                       .found = cat("thread level ", provided)});
    }
    for (MpiChannel& channel : channels) {
      check_mpi(MPI_Comm_split(MPI_COMM_WORLD, part, /*key=*/0, &channel.comm), "MPI_Comm_split");
      check_mpi(MPI_Comm_set_errhandler(channel.comm, MPI_ERRORS_RETURN),
                "MPI_Comm_set_errhandler");
      check_mpi(MPI_Comm_rank(channel.comm, &channel.rank), "MPI_Comm_rank");
      check_mpi(MPI_Comm_size(channel.comm, &channel.size), "MPI_Comm_size");
    }
    MPI_Comm machine = MPI_COMM_NULL;
    check_mpi(
        MPI_Comm_split_type(channels[0].comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine),
        "MPI_Comm_split_type");
    check_mpi(MPI_Comm_rank(machine, &local_rank), "MPI_Comm_rank");
    check_mpi(MPI_Comm_size(machine, &local_size), "MPI_Comm_size");
    check_mpi(MPI_Comm_free(&machine), "MPI_Comm_free");
  }
};

// MPI is initialised once per process and cannot be again, so its communicators live as long as the
// process.
const Session& session() {
  static const Session the_session;
  return the_session;
}

}  // namespace

void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw CommError({.what = cat(call, " failed"),
                   .where = "MPI",
                   .expected = "success",
                   .found = std::string(text.data(), static_cast<std::size_t>(length))});
}

void mpi_choose_part(int part) {
  chosen_part = part;
  if (session().part == part) return;
  throw CommError({.what = "this process is in another part of the ranks",
                   .where = "comm::open_group",
                   .expected = cat("part ", session().part),
                   .found = cat("part ", part)});
}

const MpiChannel& mpi_channel(int index) {
  return session().channels.at(static_cast<std::size_t>(index));
}
int mpi_rank(const MpiChannel& channel) { return channel.rank; }
int mpi_size(const MpiChannel& channel) { return channel.size; }
int mpi_local_rank() { return session().local_rank; }
int mpi_local_size() { return session().local_size; }
void mpi_leave_out_finalize() { leave_out_finalize = true; }

}  // namespace helip::comm
