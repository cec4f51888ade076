#include "cli/guarded_main.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "rpc/scheduler.h"

namespace helip::cli {

int guarded_main(const std::function<int()>& body, const bool* to_log) {
  const auto report = [&](const std::string& line) {
    if (to_log != nullptr && *to_log) {
      log::error(line);
    } else {
      std::cerr << "error: " << shortened(line, kMostLineBytes) << "\n";
    }
  };
  // A reader that leaves (`helip run | head`) must not end a job.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return body();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0)
      throw;  // --help and --version are no errors; the program prints them
    report(cat("usage: ", error.what(), " (--help tells more)"));
    return kExitUsage;
  } catch (const ConfigError& error) {
    report(error.what());
    return kExitUsage;
  } catch (const rpc::RpcError& error) {
    report(error.what());
    switch (error.code()) {
      case rpc::RpcCode::kUnavailable:
        return kExitUnreachable;
      case rpc::RpcCode::kFailedPrecondition:
      case rpc::RpcCode::kInvalidArgument:
        return kExitUsage;
      default:
        return kExitFailed;
    }
  } catch (const std::exception& error) {
    report(error.what());
    return kExitFailed;
  }
}

}  // namespace helip::cli
