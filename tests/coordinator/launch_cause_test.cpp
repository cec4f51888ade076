#include "coordinator/launch/launch_cause.h"

#include <catch2/catch.hpp>

#include "common/publish.h"
#include "common/text.h"
#include "coordinator/launch/launch_environment.h"
#include "support/temporary_folder.h"

using namespace helip;
using namespace helip::coordinator;
using Catch::Contains;
using Catch::StartsWith;

namespace {

LaunchCause cause_in(const std::string& log) {
  const test::TemporaryFolder folder;
  publish_file(folder.path() / "launch.log", log);
  return launch_cause(folder.path() / "launch.log");
}

// Made by tests/golden/make_mpirun_texts.sh.
LaunchCause cause_of(const std::string& trouble) {
  return launch_cause(cat(HELIP_SOURCE_DIR, "/tests/golden/mpirun/", trouble, ".txt"));
}

}  // namespace

TEST_CASE("what mpirun says of a start that fails is told by its reason, not by its frames") {
  struct Expected {
    const char* trouble;
    const char* words;
    bool permanent;
  };
  for (const Expected& expected : {
           Expected{"missing_library", "libmissing.so: cannot open shared object file", true},
           {"missing_library_in_training", "libmissing.so: cannot open shared object file", true},
           {"no_interpreter", "no_interpreter has a bad interpreter", true},
           {"not_executable", "Executable: /place/not_executable", true},
           {"missing_program", "Executable: /place/helip_worker", true},
           {"no_orted", "orted: command not found", true},
           {"no_library", "libopen-rte.so.40: cannot open shared object file", true},
           {"no_key", "user@n2: Permission denied (publickey,password)", false},
           {"no_route", "ssh: connect to host n2 port 22: No route to host", false},
           {"unknown_host", "no-such-host", true},
           {"no_ssh", "plm_rsh_agent: ssh : rsh", true},
           {"nested", "mpirun does not support recursive calls", true},
           {"slots", "There are not enough slots available in the system to satisfy the 4", true},
           {"conflict", "Conflicting directives for mapping policy", true},
           {"unknown_option", "unknown option \"--no-such-option\"", true},
           {"no_hostfile", "unable to open the hostfile: /nonexistent", false},
           {"slurm_filled", "All nodes which are allocated for this job are already filled", false},
           {"slurm_over", "An ORTE daemon has unexpectedly failed after launch", false},
           {"read_only", "Read-only file system", false},
           {"full", "mpirun found no room for its files", false},
           {"segmentation_fault", "exited on signal 11 (Segmentation fault)", false},
           {"exit_code", "Primary job terminated normally, but 1 process returned", false},
       }) {
    INFO(expected.trouble);
    const LaunchCause cause = cause_of(expected.trouble);
    CHECK_THAT(cause.text, Contains(expected.words));
    CHECK(cause.permanent == expected.permanent);
    CHECK(cause.text.size() <= 240);
    CHECK(cause.text.find("----") == std::string::npos);
    CHECK(cause.text.find("ORTE was unable") == std::string::npos);
  }
}

TEST_CASE("a list that a message of mpirun announces is a part of its reason") {
  const LaunchCause cause = cause_in(
      "--------------------------------------------------------------------------\n"
      "While trying to determine what resources are available, the SLURM\n"
      "resource allocator expects to find the following environment variables:\n\n"
      "    SLURM_NODELIST\n    SLURM_TASKS_PER_NODE\n\n"
      "However, it was unable to find the following environment variable:\n\n"
      "    SLURM_NODELIST\n\n"
      "--------------------------------------------------------------------------\n");
  CHECK_THAT(cause.text, Contains("variables: SLURM_NODELIST SLURM_TASKS_PER_NODE"));
  CHECK(cause.text.find("However") == std::string::npos);
  CHECK(cause.permanent);
}

TEST_CASE("a worker's own last error tells more than mpirun") {
  CHECK(cause_in("d | info | device cpu\nd | error | a\nd | error | no GPU for this rank\n"
                 "--------------------------------\nPrimary job  terminated normally\n"
                 "--------------------------------\n")
            .text == "d | error | no GPU for this rank");
}

TEST_CASE("of a log without a reason the last line is told, of none nothing") {
  CHECK(cause_in("d | info | device cpu\nd | info | leaving\n\n").text == "d | info | leaving");
  CHECK(cause_in("").text.empty());
  CHECK(cause_in("-----------------------------------------\n").text.empty());
  CHECK(launch_cause("/no/such/log").text.empty());
  CHECK(cause_in(std::string(5000, 'x') + "\x1b[31m\n").text.size() <= 240);
  CHECK_THAT(cause_in("[W NNPACK.cpp:64] Could not initialize NNPACK!\nssh: no\n").text,
             StartsWith("ssh: no"));
}

TEST_CASE("mpirun is started without what another launch has left, and with all else") {
  const LaunchEnvironment made = launch_environment(
      {"PATH=/bin", "OMPI_COMM_WORLD_RANK=3", "OMPI_UNIVERSE_SIZE=8", "OMPI_MCA_btl=self,tcp",
       "OMPI_MCA_ess=pmi", "OMPI_MCA_orte_hnp_uri=1.0;tcp://h:1", "PMIX_RANK=3", "PMI_FD=4",
       "OMPI_MCA_orte_default_hostfile=/hosts", "PMIX_MCA_gds=hash", "EMPTY=", "NO_VALUE",
       "OMPI_ALLOW_RUN_AS_ROOT=0", "SLURM_JOB_ID=5", "HELIP_LAUNCH=old"},
      {{"HELIP_LAUNCH", "new"}, {"OMPI_ALLOW_RUN_AS_ROOT", "1"}});
  CHECK(made.settings ==
        std::vector<std::string>{"HELIP_LAUNCH=new", "OMPI_ALLOW_RUN_AS_ROOT=1", "PATH=/bin",
                                 "OMPI_MCA_btl=self,tcp", "OMPI_MCA_orte_default_hostfile=/hosts",
                                 "PMIX_MCA_gds=hash", "EMPTY=", "NO_VALUE", "SLURM_JOB_ID=5"});
  CHECK(made.left_out == std::vector<std::string>{"OMPI_COMM_WORLD_RANK", "OMPI_MCA_ess",
                                                  "OMPI_MCA_orte_hnp_uri", "OMPI_UNIVERSE_SIZE",
                                                  "PMIX_RANK", "PMI_FD"});
}
