// One thing loaded from the server, as a page needs it: old data stay while new ones are on their way.

export class Load<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<unknown>(null);
  loading = $state(false);
  private abort_: AbortController | null = null;
  private last_: ((signal: AbortSignal) => Promise<T>) | null = null;

  run(fetch: (signal: AbortSignal) => Promise<T>): void {
    this.abort_?.abort();
    this.last_ = fetch;
    const abort = (this.abort_ = new AbortController());
    this.loading = true;
    fetch(abort.signal).then(
      (data) => {
        if (abort.signal.aborted) return;
        this.data = data;
        this.error = null;
        this.loading = false;
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        this.error = error;
        this.loading = false;
      },
    );
  }

  again = (): void => { if (this.last_) this.run(this.last_); };
  stop(): void { this.abort_?.abort(); this.loading = false; }
}
