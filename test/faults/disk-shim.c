/*
 * A disk that fails on demand, for the fault tests: preloaded into the recorder, it lets calls under one folder fail or take
 * their time, and writes down what really reached the disk, so that a power cut can be played afterwards.
 *
 *   QUANCHENG_SHIM_FOLDER   calls on paths below it are looked at
 *   QUANCHENG_SHIM_CONTROL  file of rules, read again at every call; one a line:
 *                             fail  CALL ERRNO TEXT    CALL is write, sync, open or all; TEXT must occur in the path
 *                             delay CALL MS    TEXT
 *   QUANCHENG_SHIM_LOG      S <bytes> <path>           a file's sync returned; bytes is its length when the sync began
 *                           d <id> <path>, D <id>      a directory's sync began, and returned
 *                           C <path>                   a name was made
 *                           L <old>\t<new>             a second name was given to a file
 *                           R <id> <old>\t<new>        a name was changed; what stood at <new> is kept as <saved>/<id>
 *   QUANCHENG_SHIM_SAVED    folder for what a rename replaced
 *   QUANCHENG_SHIM_BOOT_ID  file that is read instead of the kernel's boot id
 *   QUANCHENG_SHIM_MONO_MS  added to CLOCK_MONOTONIC, which begins anew when a machine does
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const char *folder, *control, *saved, *boot_id;
static int log_fd = -1;
static long long mono_ns;
static atomic_int next_id = 1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void begin(void) {
  folder = getenv("QUANCHENG_SHIM_FOLDER");
  control = getenv("QUANCHENG_SHIM_CONTROL");
  saved = getenv("QUANCHENG_SHIM_SAVED");
  boot_id = getenv("QUANCHENG_SHIM_BOOT_ID");
  const char *log = getenv("QUANCHENG_SHIM_LOG");
  if (log != NULL) log_fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  const char *mono = getenv("QUANCHENG_SHIM_MONO_MS");
  if (mono != NULL) mono_ns = atoll(mono) * 1000000LL;
  /* Numbers of several processes in turn must differ. */
  next_id = (int)(getpid() % 20000) * 100000 + 1;
}

static void ready(void) { pthread_once(&once, begin); }

static int is_ours(const char *path) {
  ready();
  return folder != NULL && path != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static int path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_ours(path);
}

static void note(const char *format, ...) {
  if (log_fd < 0) return;
  char line[2 * PATH_MAX + 64];
  va_list list;
  va_start(list, format);
  int length = vsnprintf(line, sizeof line, format, list);
  va_end(list);
  if (length > 0) syscall(SYS_write, log_fd, line, (size_t)length);
}

static int errno_of(const char *name) {
  if (strcmp(name, "ENOSPC") == 0) return ENOSPC;
  if (strcmp(name, "EROFS") == 0) return EROFS;
  if (strcmp(name, "EDQUOT") == 0) return EDQUOT;
  return EIO;
}

/* Waits as the rules say; answers 0, or the errno with which the call is to fail. */
static int rule_for(const char *call, const char *path) {
  if (control == NULL) return 0;
  char text[4096];
  int fd = syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return 0;
  text[length] = 0;
  int fault = 0;
  char *rest = NULL;
  for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    char what[16], where[16], how[16], part[512];
    if (sscanf(line, "%15s %15s %15s %511s", what, where, how, part) != 4) continue;
    if (strcmp(where, "all") != 0 && strcmp(where, call) != 0) continue;
    if (strstr(path, part) == NULL) continue;
    if (strcmp(what, "fail") == 0) fault = errno_of(how);
    else {
      long ms = atol(how);
      struct timespec wait = {ms / 1000, (ms % 1000) * 1000000L};
      nanosleep(&wait, NULL);
    }
  }
  return fault;
}

static int refused(const char *call, int fd) {
  char path[PATH_MAX];
  if (fd == log_fd || !path_of(fd, path)) return 0;
  int fault = rule_for(call, path);
  if (fault != 0) errno = fault;
  return fault;
}

static int sync_with(long number, int fd) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return syscall(number, fd);
  int fault = rule_for("sync", path);
  if (fault != 0) {
    errno = fault;
    return -1;
  }
  struct stat before;
  if (fstat(fd, &before) != 0) return -1;
  int id = atomic_fetch_add(&next_id, 1);
  if (S_ISDIR(before.st_mode)) note("d %d %s\n", id, path);
  int result = syscall(number, fd);
  if (result == 0 && S_ISDIR(before.st_mode)) note("D %d\n", id);
  else if (result == 0) note("S %lld %s\n", (long long)before.st_size, path);
  return result;
}

int fsync(int fd) { return sync_with(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_with(SYS_fdatasync, fd); }

ssize_t write(int fd, const void *bytes, size_t length) {
  return refused("write", fd) ? -1 : syscall(SYS_write, fd, bytes, length);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  return refused("write", fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, length, at);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
  return refused("write", fd) ? -1 : syscall(SYS_writev, fd, parts, count);
}
int ftruncate64(int fd, off64_t length) { return refused("write", fd) ? -1 : (int)syscall(SYS_ftruncate, fd, length); }
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

static int open_with(int at, const char *path, int flags, mode_t mode) {
  ready();
  if (boot_id != NULL && path != NULL && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0) path = boot_id;
  if (!is_ours(path) || (flags & O_CREAT) == 0) return syscall(SYS_openat, at, path, flags, mode);
  int fault = rule_for("open", path);
  if (fault != 0) {
    errno = fault;
    return -1;
  }
  int is_new = access(path, F_OK) != 0;
  int fd = syscall(SYS_openat, at, path, flags, mode);
  if (fd >= 0 && is_new) note("C %s\n", path);
  return fd;
}

static mode_t mode_of(int flags, va_list list) { return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0; }

int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = mode_of(flags, list);
  va_end(list);
  return open_with(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = mode_of(flags, list);
  va_end(list);
  return open_with(AT_FDCWD, path, flags, mode);
}

int mkdir(const char *path, mode_t mode) {
  if (is_ours(path)) {
    int fault = rule_for("open", path);
    if (fault != 0 && access(path, F_OK) != 0) {
      errno = fault;
      return -1;
    }
  }
  int result = syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  if (result == 0 && is_ours(path)) note("C %s\n", path);
  return result;
}

int rename(const char *from, const char *to) {
  int id = 0;
  if (is_ours(to)) {
    int fault = rule_for("open", to);
    if (fault != 0) {
      errno = fault;
      return -1;
    }
    if (saved != NULL && access(to, F_OK) == 0) {
      char aside[PATH_MAX];
      id = atomic_fetch_add(&next_id, 1);
      snprintf(aside, sizeof aside, "%s/%d", saved, id);
      if (linkat(AT_FDCWD, to, AT_FDCWD, aside, 0) != 0) id = 0;
    }
  }
  int result = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  if (result == 0 && is_ours(to)) note("R %d %s\t%s\n", id, from, to);
  return result;
}

int link(const char *from, const char *to) {
  if (is_ours(to)) {
    int fault = rule_for("open", to);
    if (fault != 0) {
      errno = fault;
      return -1;
    }
  }
  int result = syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
  if (result == 0 && is_ours(to)) note("L %s\t%s\n", from, to);
  return result;
}

int clock_gettime(clockid_t which, struct timespec *now) {
  ready();
  int result = syscall(SYS_clock_gettime, which, now);
  if (result != 0 || mono_ns == 0) return result;
  if (which != CLOCK_MONOTONIC && which != CLOCK_MONOTONIC_COARSE && which != CLOCK_MONOTONIC_RAW) return result;
  long long ns = now->tv_sec * 1000000000LL + now->tv_nsec + mono_ns;
  now->tv_sec = ns / 1000000000LL;
  now->tv_nsec = ns % 1000000000LL;
  return result;
}

/* A wait on the monotonic clock gets the kernel's own time back; one on the wall clock names a year and is left alone. */
int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until) {
  static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  ready();
  if (real == NULL) {
    real = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (real == NULL) real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  }
  if (mono_ns == 0 || until->tv_sec > 1000000000L) return real(condition, mutex, until);
  long long ns = until->tv_sec * 1000000000LL + until->tv_nsec - mono_ns;
  struct timespec moved = {ns / 1000000000LL, ns % 1000000000LL};
  return real(condition, mutex, &moved);
}
