/**
 * One pool of threads for the process, as C: `run_parts(kernel, memory, args, parts)` runs the parts of a kernel, each on
 * whichever thread is free. A kernel's bits do not depend on the number of parts, nor on who runs them.
 *
 * The ticket holds the generation of a task, its number of parts, and the next part that nobody has taken: who takes a part
 * by exchanging the ticket knows that the task stands still until the part is done. The caller takes parts too, so that a
 * thread that sleeps late delays nothing. Idle threads look for work for a while, then sleep.
 */
export const threads = `#include <pthread.h>
#include <sched.h>

static struct {
  pthread_mutex_t lock;
  pthread_cond_t wake;
  i32 limit, started, sleeping, busy;
  u64 ticket;
  i32 done;
  kernel *run;
  char *memory;
  const i32 *args;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .limit = 1};

INLINE void pause_a_little(void) {
#if defined __x86_64__
  __builtin_ia32_pause();
#elif defined __aarch64__
  __asm__ volatile("yield");
#endif
}

INLINE i32 parts_of(u64 ticket) { return (i32)(ticket >> 16 & 0xffff); }
INLINE i32 next_of(u64 ticket) { return (i32)(ticket & 0xffff); }

/* Takes parts until there are none. */
static void take_parts(void) {
  u64 ticket = __atomic_load_n(&pool.ticket, __ATOMIC_ACQUIRE);
  while (next_of(ticket) < parts_of(ticket)) {
    if (!__atomic_compare_exchange_n(&pool.ticket, &ticket, ticket + 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) continue;
    pool.run(pool.memory, pool.args, next_of(ticket), parts_of(ticket));
    __atomic_fetch_add(&pool.done, 1, __ATOMIC_RELEASE);
    ticket = __atomic_load_n(&pool.ticket, __ATOMIC_ACQUIRE);
  }
}

static i32 has_work(void) {
  u64 ticket = __atomic_load_n(&pool.ticket, __ATOMIC_SEQ_CST);
  return next_of(ticket) < parts_of(ticket);
}

static void *serve(void *nothing) {
  for (;;) {
    take_parts();
    i32 looks = 4000;
    while (looks > 0 && !has_work()) {
      pause_a_little();
      looks--;
    }
    if (looks > 0) continue;
    pthread_mutex_lock(&pool.lock);
    __atomic_fetch_add(&pool.sleeping, 1, __ATOMIC_SEQ_CST);
    while (!has_work()) pthread_cond_wait(&pool.wake, &pool.lock);
    __atomic_fetch_sub(&pool.sleeping, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&pool.lock);
  }
  return nothing;
}

void neurite_threads(i32 count) {
  pthread_mutex_lock(&pool.lock);
  while (pool.started < count - 1) {
    pthread_t thread;
    if (pthread_create(&thread, 0, serve, 0)) break;
    pthread_detach(thread);
    pool.started++;
  }
  pool.limit = count < pool.started + 1 ? count : pool.started + 1;
  pthread_mutex_unlock(&pool.lock);
}

static void run_parts(kernel *run, char *memory, const i32 *args, i32 parts) {
  if (parts > pool.limit) parts = pool.limit;
  /* Another thread of the process may have the pool. */
  if (parts < 2 || __atomic_exchange_n(&pool.busy, 1, __ATOMIC_ACQUIRE)) {
    run(memory, args, 0, 1);
    return;
  }
  pool.run = run;
  pool.memory = memory;
  pool.args = args;
  pool.done = 0;
  u64 generation = (pool.ticket >> 32) + 1;
  __atomic_store_n(&pool.ticket, generation << 32 | (u64)parts << 16, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&pool.sleeping, __ATOMIC_SEQ_CST) > 0) {
    pthread_mutex_lock(&pool.lock);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
  }
  take_parts();
  for (i32 looks = 0; __atomic_load_n(&pool.done, __ATOMIC_ACQUIRE) < parts; looks++) {
    if (looks < 2000) pause_a_little();
    else sched_yield();
  }
  __atomic_store_n(&pool.busy, 0, __ATOMIC_RELEASE);
}
`;
