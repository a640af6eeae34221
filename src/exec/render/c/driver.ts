import { commandCodes, stepWords } from "../../../lang/kernel/machine.ts";
import { errorWordAddress } from "../../../lang/kernel/rendered.ts";
import { prelude } from "./prelude.ts";
import { threads } from "./threads.ts";

/**
 * The translation unit that loads kernels and runs command lists:
 *
 * - `neurite_open(routine)` makes a runtime, whose host functions `routine` runs; the others take it first (threads of one
 *   process share the library, but no runtime);
 * - `neurite_attach(memory, bytes)` says where memory lies now;
 * - `neurite_load(path, symbols, indices)` opens a library and puts its functions, named on one line each, into the table at
 *   these indices; the result is NULL or what went wrong;
 * - `neurite_link(path, variable, library, function)` makes a variable of one library point at a function of another; the
 *   result is NULL or what went wrong;
 * - `neurite_threads(count)` says how many threads the process uses at most, the caller's included;
 * - `neurite_run(commands)` clears the error word, runs the list at an address and returns the error word.
 */
export const driver: string = `${prelude}
typedef void kernel(char *memory, const i32 *args, i32 part, i32 parts);

${threads}
void *dlopen(const char *path, int mode);
void *dlsym(void *library, const char *symbol);
int dladdr(const void *address, void *about);
char *dlerror(void);
int dlclose(void *library);
int madvise(void *address, __SIZE_TYPE__ length, int advice);

typedef struct {
  char *memory;
  void (*routine)(i32 number);
  kernel **table;
  i64 capacity;
} runtime;

/* Threads of the pool run this library's code for as long as the process lives: it holds itself, whoever closes it. */
static void stay_loaded(void) {
  static i32 stays;
  struct { const char *path; void *base; const char *symbol; void *address; } about;
  if (!__atomic_exchange_n(&stays, 1, __ATOMIC_SEQ_CST) && dladdr((void *)stay_loaded, &about)) dlopen(about.path, 2 /* RTLD_NOW */);
}

u64 neurite_open(void (*routine)(i32 number)) {
  stay_loaded();
  runtime *self = __builtin_calloc(1, sizeof(runtime));
  if (self) self->routine = routine;
  return (u64)self;
}

void neurite_attach(u64 of, char *address, f64 bytes) {
  ((runtime *)of)->memory = address;
#ifdef __linux__
  madvise(address, (__SIZE_TYPE__)bytes, 14 /* MADV_HUGEPAGE */);
#endif
}

const char *neurite_load(u64 of, const char *path, const char *symbols, const i32 *indices) {
  runtime *self = (runtime *)of;
  char name[256];
  void *library = dlopen(path, 2 /* RTLD_NOW */);
  if (!library) return dlerror();
  while (*symbols) {
    i64 index = *indices++;
    i32 length = 0;
    while (*symbols && *symbols != '\\n' && length < 255) name[length++] = *symbols++;
    name[length] = 0;
    if (*symbols == '\\n') symbols++;
    void *symbol = dlsym(library, name);
    if (!symbol) {
      dlclose(library);
      return "a kernel is missing";
    }
    if (index >= self->capacity) {
      i64 larger = 2 * index + 64;
      kernel **moved = __builtin_realloc(self->table, larger * sizeof *moved);
      if (!moved) return "out of memory";
      self->table = moved;
      self->capacity = larger;
    }
    self->table[index] = (kernel *)symbol;
  }
  return 0;
}

const char *neurite_link(const char *path, const char *variable, const char *library, const char *function) {
  void *from = dlopen(path, 2 /* RTLD_NOW */), *to = dlopen(library, 2 /* RTLD_NOW */);
  if (!from || !to) return dlerror();
  void **pointer = dlsym(from, variable), *found = dlsym(to, function);
  if (!pointer || !found) return "a function is missing";
  *pointer = found;
  return 0;
}

INLINE i32 *words_at(char *memory, i32 address) { return (i32 *)(memory + (u32)address); }

/* Writes the addresses at which the stepped views stand at step t. */
static void place(char *memory, const i32 *step, i32 count, i32 t) {
  for (i32 k = 0; k < count; k++, step += ${stepWords}) {
    u32 address = (u32)step[0] + (u32)t * (u32)step[1];
    const i32 *patch = words_at(memory, step[3]);
    for (i32 j = 0; j < step[2]; j++, patch += 2) *words_at(memory, patch[0]) = (i32)(address + (u32)patch[1]);
  }
}

static void execute(const runtime *self, const i32 *at) {
  char *memory = self->memory;
  for (;;) {
    i32 code = at[0];
    if (code >= 0) {
      self->table[code](memory, words_at(memory, at[1]), 0, 1);
      at += 2;
      continue;
    }
    switch (code) {
      case ${commandCodes.parts}:
        run_parts(self->table[at[2]], memory, words_at(memory, at[3]), at[1]);
        at += 4;
        break;
      case ${commandCodes.end}:
        return;
      case ${commandCodes.copy}:
        __builtin_memmove(words_at(memory, at[1]), words_at(memory, at[2]), (u32)at[3]);
        at += 4;
        break;
      case ${commandCodes.routine}:
        self->routine(at[1]);
        at += 2;
        break;
      case ${commandCodes.branch}: {
        i32 selector = at[2] == 1 ? *(u8 *)words_at(memory, at[1]) : *words_at(memory, at[1]);
        i32 count = at[3];
        execute(self, words_at(memory, at[4 + (selector < 0 ? 0 : selector < count ? selector : count - 1)]));
        at += 4 + count;
        break;
      }
      case ${commandCodes.while}:
        for (;;) {
          execute(self, words_at(memory, at[1]));
          if (!*(u8 *)words_at(memory, at[2])) break;
          execute(self, words_at(memory, at[3]));
        }
        at += 4;
        break;
      case ${commandCodes.repeat}:
        for (i32 t = 0; t < at[1]; t++) {
          place(memory, words_at(memory, at[4]), at[3], t);
          execute(self, words_at(memory, at[2]));
        }
        place(memory, words_at(memory, at[4]), at[3], 0);
        at += 5;
        break;
    }
  }
}

u32 neurite_run(u64 of, u32 commands) {
  const runtime *self = (const runtime *)of;
  char *memory = self->memory;
  u32 *error = (u32 *)(memory + ${errorWordAddress});
  *error = 0;
  execute(self, words_at(memory, (i32)commands));
  return *error;
}
`;
