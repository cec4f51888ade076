// Owners of CUDA memory, streams and events. For .cu files alone.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <utility>

#include "common/error.h"

namespace helip::mining::cuda {

// Throws Error naming the call.
inline void check(cudaError_t code, const char* call) {
  if (code == cudaSuccess) return;
  // It must not come up at a later call: of who goes on without this device, say.
  cudaGetLastError();
  throw Error({.what = "CUDA failed", .where = call, .found = cudaGetErrorString(code)});
}

// Makes a device current in this thread, and the former one again at the end.
class CurrentDevice {
 public:
  explicit CurrentDevice(int device) {
    check(cudaGetDevice(&former_), "cudaGetDevice");
    check(cudaSetDevice(device), "cudaSetDevice");
  }
  ~CurrentDevice() { cudaSetDevice(former_); }
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;

 private:
  int former_ = 0;
};

// `size` values in device memory, not initialised.
template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t size = 0) : size_(size) {
    if (size > 0) check(cudaMalloc(&values_, size * sizeof(T)), "cudaMalloc");
  }
  ~DeviceArray() { cudaFree(values_); }
  DeviceArray(DeviceArray&& other) noexcept { swap(other); }
  DeviceArray& operator=(DeviceArray&& other) noexcept {
    swap(other);
    return *this;
  }
  [[nodiscard]] T* get() const { return values_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  void swap(DeviceArray& other) {
    std::swap(values_, other.values_);
    std::swap(size_, other.size_);
  }
  T* values_ = nullptr;
  std::size_t size_ = 0;
};

// `size` values in page-locked host memory: copies from and to it do not hold up the host.
template <typename T>
class PinnedArray {
 public:
  explicit PinnedArray(std::size_t size = 0) : size_(size) {
    if (size > 0) check(cudaMallocHost(&values_, size * sizeof(T)), "cudaMallocHost");
  }
  ~PinnedArray() { cudaFreeHost(values_); }
  PinnedArray(PinnedArray&& other) noexcept { swap(other); }
  PinnedArray& operator=(PinnedArray&& other) noexcept {
    swap(other);
    return *this;
  }
  [[nodiscard]] T* get() const { return values_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return values_[i]; }
  const T& operator[](std::size_t i) const { return values_[i]; }

 private:
  void swap(PinnedArray& other) {
    std::swap(values_, other.values_);
    std::swap(size_, other.size_);
  }
  T* values_ = nullptr;
  std::size_t size_ = 0;
};

// Work on the stream is done in order.
class Stream {
 public:
  Stream() {
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
  }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  [[nodiscard]] cudaStream_t get() const { return stream_; }
  void synchronize() const { check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  Event() { check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "cudaEventCreate"); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void record(const Stream& stream) {
    check(cudaEventRecord(event_, stream.get()), "cudaEventRecord");
  }
  // The host waits; at once if it was never recorded.
  void synchronize() const { check(cudaEventSynchronize(event_), "cudaEventSynchronize"); }
  void hold(const Stream& stream) const {
    check(cudaStreamWaitEvent(stream.get(), event_), "cudaStreamWaitEvent");
  }

 private:
  cudaEvent_t event_ = nullptr;
};

// `count` values to or from the device, or on it, in the order of the stream.
template <typename T>
void copy(T* to, const T* from, std::size_t count, const Stream& stream) {
  if (count == 0) return;
  check(cudaMemcpyAsync(to, from, count * sizeof(T), cudaMemcpyDefault, stream.get()),
        "cudaMemcpyAsync");
}

}  // namespace helip::mining::cuda
