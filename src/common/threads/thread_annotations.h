// Which mutex guards what, for Clang's thread-safety analysis; with other compilers the macros are
// empty. tests/build/thread_safety.sh runs the analysis: a member that says
// HELIP_GUARDED_BY(mutex_) and is used without the lock is an error there.
// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#ifdef __clang__
#define HELIP_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define HELIP_THREAD_ATTRIBUTE(x)
#endif

// A class that is a mutex, and one that locks a mutex for a scope.
#define HELIP_CAPABILITY(name) HELIP_THREAD_ATTRIBUTE(capability(name))
#define HELIP_SCOPED_CAPABILITY HELIP_THREAD_ATTRIBUTE(scoped_lockable)

// A member that is used while `mutex` is locked, and at no other time.
#define HELIP_GUARDED_BY(mutex) HELIP_THREAD_ATTRIBUTE(guarded_by(mutex))

// A function that its caller calls with the mutexes locked, and one that locks or unlocks them.
#define HELIP_REQUIRES(...) HELIP_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define HELIP_ACQUIRE(...) HELIP_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define HELIP_RELEASE(...) HELIP_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
