// The matrix unit AMX in software, for tests on processors that lack it.
#pragma once

#include <csignal>
#include <cstdint>

namespace helip::test {

// While one lives, the tile instructions that this processor refuses (SIGILL) are carried out as
// Intel's manual defines them, and execution goes on behind them: LDTILECFG, TILERELEASE, TILEZERO,
// TILELOADD, TILELOADDT1, TILESTORED and the four products of bytes. Any other illegal instruction
// and whatever makes a processor fault (shapes, reserved bits, tiles not configured) ends the
// program with a message. One at a time, for one thread.
class AmxEmulator {
 public:
  AmxEmulator();
  ~AmxEmulator();
  AmxEmulator(const AmxEmulator&) = delete;
  AmxEmulator& operator=(const AmxEmulator&) = delete;

  // Instructions carried out so far.
  [[nodiscard]] std::uint64_t instructions() const;
  // Whether tiles are configured and not yet released.
  [[nodiscard]] bool configured() const;

 private:
  struct sigaction former_;
};

}  // namespace helip::test
