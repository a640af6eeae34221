/** How long the event loop may wait, in milliseconds: a frame, less the step that comes last. */
const longestTurn = 8;

/** Lets timers, input and drawing have their turn during a long computation. */
export class Turns {
  private started: number = performance.now();

  /** True when it is time to `rest`. */
  get areOver(): boolean {
    return performance.now() - this.started >= longestTurn;
  }

  /** Resolves after everything that waits in the event loop has had its turn. */
  async rest(): Promise<void> {
    await new Promise<void>(afterOthers);
    this.started = performance.now();
  }
}

// Timers are held back by browsers for 4 ms and more; messages and Node's immediates are not.
function afterOthers(resolve: () => void): void {
  if (typeof setImmediate === "function") {
    setImmediate(resolve);
    return;
  }
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    resolve();
  };
  port2.postMessage(undefined);
}
