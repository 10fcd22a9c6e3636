// Rows by cursor: loads the next page when asked, drops answers to questions no longer asked.

export interface Page<T> { items: T[]; next: string | null }
export type Fetch<T> = (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>;

export class Paging<T> {
  rows: readonly T[] = [];
  state: 'idle' | 'loading' | 'more' | 'done' | 'error' = 'idle';
  error: unknown = null;
  private next_: string | null = null;
  private fetch_: Fetch<T> | null = null;
  private abort_: AbortController | null = null;
  private timer_: ReturnType<typeof setTimeout> | undefined;
  private fresh_ = true;

  constructor(private readonly changed: () => void) {}

  /** Asks a new question. Old rows stay until its first page is here; `delay_ms` lets a typist finish. */
  ask(fetch: Fetch<T>, delay_ms = 0): void {
    this.stop();
    this.fetch_ = fetch;
    this.fresh_ = true;
    this.state = 'loading';
    this.changed();
    if (delay_ms > 0) this.timer_ = setTimeout(() => void this.load(), delay_ms);
    else void this.load();
  }

  /** The next page, unless one is on its way or there is none. */
  more(): void {
    if (this.state !== 'more') return;
    this.state = 'loading';
    void this.load();
  }

  retry(): void {
    if (this.state !== 'error') return;
    this.state = 'loading';
    this.changed();
    void this.load();
  }

  stop(): void {
    clearTimeout(this.timer_);
    this.abort_?.abort();
    this.abort_ = null;
  }

  private async load(): Promise<void> {
    const abort = (this.abort_ = new AbortController());
    try {
      const page = await this.fetch_!(this.fresh_ ? null : this.next_, abort.signal);
      if (abort.signal.aborted) return;
      this.rows = this.fresh_ ? page.items : this.rows.concat(page.items);
      this.fresh_ = false;
      this.next_ = page.next;
      this.error = null;
      this.state = page.next ? 'more' : 'done';
    } catch (error) {
      if (abort.signal.aborted) return;
      this.error = error;
      this.state = 'error';
    }
    this.changed();
  }
}
