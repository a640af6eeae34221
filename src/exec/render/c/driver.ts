import { commandCodes, stepWords } from "../../../lang/kernel/machine.ts";
import { errorWordAddress } from "../../../lang/kernel/rendered.ts";
import { prelude } from "./prelude.ts";

/**
 * The translation unit that loads kernels and runs command lists:
 *
 * - `neurite_attach(memory, bytes)` says where memory lies now;
 * - `neurite_routine(function)` says what runs host functions;
 * - `neurite_load(path, symbols, first)` opens a library and puts its functions, named on one line each, into the table from
 *   index `first` on; the result is NULL or what went wrong;
 * - `neurite_run(commands)` clears the error word, runs the list at an address and returns the error word.
 */
export const driver: string = `${prelude}
typedef void kernel(char *memory, const i32 *args, i32 part, i32 parts);

void *dlopen(const char *path, int mode);
void *dlsym(void *library, const char *symbol);
char *dlerror(void);
int dlclose(void *library);
int madvise(void *address, __SIZE_TYPE__ length, int advice);

static char *memory;
static void (*routine)(i32 number);
static kernel **table;
static i64 capacity;

void neurite_attach(char *address, f64 bytes) {
  memory = address;
#ifdef __linux__
  madvise(address, (__SIZE_TYPE__)bytes, 14 /* MADV_HUGEPAGE */);
#endif
}

void neurite_routine(void (*function)(i32 number)) { routine = function; }

const char *neurite_load(const char *path, const char *symbols, i32 first) {
  char name[256];
  void *library = dlopen(path, 2 /* RTLD_NOW */);
  if (!library) return dlerror();
  for (i64 index = first; *symbols; index++) {
    i32 length = 0;
    while (*symbols && *symbols != '\\n' && length < 255) name[length++] = *symbols++;
    name[length] = 0;
    if (*symbols == '\\n') symbols++;
    void *symbol = dlsym(library, name);
    if (!symbol) {
      dlclose(library);
      return "a kernel is missing";
    }
    if (index >= capacity) {
      i64 larger = 2 * index + 64;
      kernel **moved = __builtin_realloc(table, larger * sizeof *table);
      if (!moved) return "out of memory";
      table = moved;
      capacity = larger;
    }
    table[index] = (kernel *)symbol;
  }
  return 0;
}

static i32 *words_at(i32 address) { return (i32 *)(memory + (u32)address); }

/* Writes the addresses at which the stepped views stand at step t. */
static void place(const i32 *step, i32 count, i32 t) {
  for (i32 k = 0; k < count; k++, step += ${stepWords}) {
    u32 address = (u32)step[0] + (u32)t * (u32)step[1];
    const i32 *patch = words_at(step[3]);
    for (i32 j = 0; j < step[2]; j++, patch += 2) *words_at(patch[0]) = (i32)(address + (u32)patch[1]);
  }
}

static void execute(const i32 *at) {
  for (;;) {
    i32 code = at[0];
    if (code >= 0) {
      table[code](memory, words_at(at[1]), 0, 1);
      at += 2;
      continue;
    }
    switch (code) {
      case ${commandCodes.end}:
        return;
      case ${commandCodes.copy}:
        __builtin_memmove(words_at(at[1]), words_at(at[2]), (u32)at[3]);
        at += 4;
        break;
      case ${commandCodes.routine}:
        routine(at[1]);
        at += 2;
        break;
      case ${commandCodes.branch}: {
        i32 selector = at[2] == 1 ? *(u8 *)words_at(at[1]) : *words_at(at[1]);
        i32 count = at[3];
        execute(words_at(at[4 + (selector < 0 ? 0 : selector < count ? selector : count - 1)]));
        at += 4 + count;
        break;
      }
      case ${commandCodes.while}:
        for (;;) {
          execute(words_at(at[1]));
          if (!*(u8 *)words_at(at[2])) break;
          execute(words_at(at[3]));
        }
        at += 4;
        break;
      case ${commandCodes.repeat}:
        for (i32 t = 0; t < at[1]; t++) {
          place(words_at(at[4]), at[3], t);
          execute(words_at(at[2]));
        }
        place(words_at(at[4]), at[3], 0);
        at += 5;
        break;
    }
  }
}

u32 neurite_run(u32 commands) {
  u32 *error = (u32 *)(memory + ${errorWordAddress});
  *error = 0;
  execute(words_at((i32)commands));
  return *error;
}
`;
