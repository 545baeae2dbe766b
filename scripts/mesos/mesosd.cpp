// Hosts the genuine Apache Mesos 1.11.0 master and agent that live inside the
// native scheduler library which PyPI distributes as `mesos.scheduler`.
//
// One program, three names: `mesos-master`, `mesos-agent` and
// `mesos-containerizer` (the helper that the agent runs for every container).
// All configuration is Mesos's own MESOS_* and LIBPROCESS_* environment; the
// one addition is RIG_MASTER, the leading master's `ip:port` or a `zk://` URL.
//
// The library can start a master and an agent in one process
// (mesos::internal::local::launch). A master here is that with no agent; an
// agent is that with one agent whose own, idle master never leads, because the
// detector is replaced by the one that RIG_MASTER names. The offsets below are
// those of the 1.11.0 build alone, which is why scripts/mesos/setup accepts no
// other.
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cerrno>
#include <cstring>
#include <string>

namespace {

// stout's Option<T>: the state, 0 for SOME and 1 for NONE, then the value.
template <class T>
struct Option {
  int state;
  alignas(8) T value;
};
using OptionString = Option<std::string>;

// Enough room for any C++ object that the library builds in place.
constexpr size_t kObject = 64 * 1024;
// Offset of `Flags flags` and of its FlagsBase in MesosContainerizerLaunch.
constexpr size_t kLaunchFlags = 0xe0, kLaunchFlagsBase = 0x168;
// Offset of FlagsBase in mesos::internal::local::Flags.
constexpr size_t kLocalFlagsBase = 0xb8;
// Offset in mesos::internal::local::launch of the `mov $1, %edx` that says to
// Containerizer::create that the agent is a local one.
constexpr size_t kLaunchSaysLocal = 0x2bd4;

void* library;

[[noreturn]] void die(const char* what, const char* detail) {
  fprintf(stderr, "etcd-mesos rig: %s: %s\n", what, detail);
  exit(70);
}

template <class F>
F symbol(const char* name) {
  void* found = dlsym(library, name);
  if (found == nullptr) die("the library has no symbol", name);
  return reinterpret_cast<F>(found);
}

char* object() { return static_cast<char*>(calloc(1, kObject)); }

const OptionString& none() {
  static OptionString* n = [] {
    auto* o = reinterpret_cast<OptionString*>(object());
    o->state = 1;
    return o;
  }();
  return *n;
}

// flags::FlagsBase::load(prefix, argc, argv, unknowns, duplicates)
void load_flags(char* base, const char* prefix, int argc, char** argv, bool unknowns) {
  OptionString p{0, prefix};
  char* result = object();
  symbol<void (*)(void*, void*, const OptionString&, int, char**, bool, bool)>(
      "_ZN5flags9FlagsBase4loadERK6OptionINSt7__cxx1112basic_stringIcSt11char_"
      "traitsIcESaIcEEEEiPKPKcbb")(result, base, p, argc, argv, unknowns, false);
  if (*reinterpret_cast<int*>(result) != 0) die("bad flags", prefix);
}

using Detect = void* (*)(void* result, void* self, const void* previous);
using Initialize = void (*)(void* self, const void* master_info);
using Contend = void* (*)(void* result, void* self);

void* detector;   // the MasterDetector that RIG_MASTER names
void* contender;  // the MasterContender that RIG_MASTER names
Detect original_detect;

// The i-th virtual function of `self`; 0 and 1 are the destructors.
void* virtual_function(void* self, int i) { return (*static_cast<void***>(self))[i]; }

void* detect(void* result, void* self, const void* previous) {
  if (self == detector) return original_detect(result, self, previous);
  return reinterpret_cast<Detect>(virtual_function(detector, 2))(result, detector, previous);
}
void initialize(void*, const void* info) {
  reinterpret_cast<Initialize>(virtual_function(contender, 2))(contender, info);
}
void* contend(void* result, void*) {
  return reinterpret_cast<Contend>(virtual_function(contender, 3))(result, contender);
}

// Lets the library's memory be written: its code, too, is private to us.
void unlock(const void* at, int protection) {
  auto page = reinterpret_cast<uintptr_t>(at) & ~uintptr_t{4095};
  if (mprotect(reinterpret_cast<void*>(page), 8192, protection) != 0) die("mprotect", strerror(errno));
}

// Replaces the i-th virtual function of a class and returns the one it had.
void* replace(const char* vtable, int i, void* with) {
  void** slot = symbol<void**>(vtable) + 2 + i;
  unlock(slot, PROT_READ | PROT_WRITE);
  void* had = *slot;
  *slot = with;
  return had;
}

// MasterDetector::create and MasterContender::create: (url, no module, default timeout).
void* create(const char* function, const char* url) {
  OptionString u{0, url};
  Option<int64_t> timeout{1, 0};
  char* result = object();
  symbol<void (*)(void*, const OptionString&, const OptionString&, const void*)>(function)(
      result, u, none(), &timeout);
  if (*reinterpret_cast<int*>(result) != 0) die("cannot follow RIG_MASTER", url);
  return *reinterpret_cast<void**>(result + 8);
}

void follow(const char* url, bool contending) {
  detector = create(
      "_ZN5mesos6master8detector14MasterDetector6createERK6OptionINSt7__cxx1112basic_"
      "stringIcSt11char_traitsIcESaIcEEEESC_RKS3_I8DurationE", url);
  original_detect = reinterpret_cast<Detect>(
      replace("_ZTVN5mesos6master8detector24StandaloneMasterDetectorE", 2,
              reinterpret_cast<void*>(detect)));
  if (!contending) return;
  contender = create(
      "_ZN5mesos6master9contender15MasterContender6createERK6OptionINSt7__cxx1112basic_"
      "stringIcSt11char_traitsIcESaIcEEEESC_RKS3_I8DurationE", url);
  const char* standalone = "_ZTVN5mesos6master9contender25StandaloneMasterContenderE";
  replace(standalone, 2, reinterpret_cast<void*>(initialize));
  replace(standalone, 3, reinterpret_cast<void*>(contend));
}

// A local agent's executors would write to the agent's own output. With this
// they write to `stdout` and `stderr` in their sandboxes, as under any agent.
void log_to_sandboxes(char* launch) {
  const unsigned char local[] = {0xba, 1, 0, 0, 0};
  char* instruction = launch + kLaunchSaysLocal;
  if (memcmp(instruction, local, sizeof local) != 0) die("not the build that this is for", "launch");
  unlock(instruction, PROT_READ | PROT_WRITE | PROT_EXEC);
  instruction[1] = 0;
  unlock(instruction, PROT_READ | PROT_EXEC);
}

int launch_container(int argc, char** argv) {
  if (argc < 2 || strcmp(argv[1], "launch") != 0) die("no such subcommand", argc > 1 ? argv[1] : "");
  char* self = object();
  *reinterpret_cast<void***>(self) =
      symbol<void**>("_ZTVN5mesos8internal5slave24MesosContainerizerLaunchE") + 2;
  symbol<void (*)(void*)>("_ZN5mesos8internal5slave24MesosContainerizerLaunch5FlagsC1Ev")(
      self + kLaunchFlags);
  load_flags(self + kLaunchFlagsBase, "MESOS_CONTAINERIZER_", argc - 1, argv + 1, false);
  return symbol<int (*)(void*)>("_ZN5mesos8internal5slave24MesosContainerizerLaunch7executeEv")(self);
}

[[noreturn]] void run_daemon(bool master, char* name) {
  setenv("MESOS_NUM_SLAVES", master ? "0" : "1", 1);
  setenv("MESOS_REGISTRY", "in_memory", 0);
  char* flags = object();
  symbol<void (*)(void*)>("_ZN5mesos8internal5local5FlagsC1Ev")(flags);
  char* no_arguments[] = {name, nullptr};
  load_flags(flags + kLocalFlagsBase, "MESOS_", 1, no_arguments, true);

  std::string program = master ? "mesos-master" : "mesos-agent";
  char* no_flags = object();
  *reinterpret_cast<int*>(no_flags) = 1;
  symbol<void (*)(const std::string&, bool, const void*)>(
      "_ZN5mesos8internal7logging10initializeERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIc"
      "EEEbRK6OptionINS1_5FlagsEE")(program, true, no_flags);

  // The process that answers /api/v1: the master itself, or the agent.
  OptionString delegate{0, master ? "master" : "slave(1)"};
  symbol<bool (*)(const OptionString&, const OptionString&, const OptionString&)>(
      "_ZN7process10initializeERK6OptionINSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEES9_S9_")(
      delegate, none(), none());

  if (const char* url = getenv("RIG_MASTER")) follow(url, master);

  const char* launch = "_ZN5mesos8internal5local6launchERKNS1_5FlagsEPNS_9allocator9AllocatorE";
  log_to_sandboxes(symbol<char*>(launch));
  symbol<void (*)(void*, const void*, void*)>(launch)(object(), flags, nullptr);
  for (;;) pause();
}

}  // namespace

// Data that the library expects of CPython 2.7 and never reaches here.
extern "C" {
char _Py_NoneStruct[64];
char* PyExc_Exception;
char* PyExc_TypeError;
}

int main(int argc, char** argv) {
  library = dlopen("libmesos-1.11.0.so", RTLD_LAZY | RTLD_GLOBAL);
  if (library == nullptr) die("cannot load", dlerror());
  const char* slash = strrchr(argv[0], '/');
  std::string name = slash != nullptr ? slash + 1 : argv[0];
  if (name == "mesos-containerizer") return launch_container(argc, argv);
  if (name == "mesos-master") run_daemon(true, argv[0]);
  if (name == "mesos-agent") run_daemon(false, argv[0]);
  die("run it as mesos-master, mesos-agent or mesos-containerizer, not as", name.c_str());
}
