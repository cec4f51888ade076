#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "common/publish.h"
#include "support/temporary_folder.h"

namespace helip {
namespace {

TEST_CASE("a dead peer ends the others within the timeout, with its name and exit code 75") {
  const test::TemporaryFolder folder;
  // mpirun's own exit code says nothing here: with --enable-recovery it leaves the survivors alone,
  // which is the case that blocks for ever without a watchdog. So each rank's shell notes the code.
  const std::string command = std::string("timeout 60 ") + HELIP_MPIRUN +
                              " --bind-to none --oversubscribe --enable-recovery -n 3 sh -c '" +
                              HELIP_DEAD_PEER + " 2>" + folder.path().string() +
                              "/log.$OMPI_COMM_WORLD_RANK; echo $? >" + folder.path().string() +
                              "/code.$OMPI_COMM_WORLD_RANK' >/dev/null 2>&1";
  const int ended = std::system(command.c_str());
  INFO("mpirun ended with " << ended);
  for (const char* rank : {"0", "1"}) {
    CHECK(read_text_file(folder.path() / (std::string("code.") + rank)) == "75\n");
    const std::string log = read_text_file(folder.path() / (std::string("log.") + rank));
    CHECK_THAT(log, Catch::Contains("barrier of rank " + std::string(rank) +
                                    " of 3 took longer than 0.5 s: waiting for rank 2;"));
  }
  CHECK(read_text_file(folder.path() / "code.2") == "137\n");
}

}  // namespace
}  // namespace helip
