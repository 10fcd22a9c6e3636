// The newest rows of something that also comes live: rows that are shown change in place, new ones wait until asked for.
import { Load } from './load.svelte';

export const kWaiting_max = 999;
const kLook_ms = 1000;

type Fetch<T> = (signal: AbortSignal) => Promise<T[]>;

export class LiveRows<T> {
  readonly list = new Load<T[]>();
  waiting = $state.raw<T[]>([]);
  private readonly newer_ = new Load<T[]>();
  private fetch_: Fetch<T> | null = null;
  private narrowed_ = false;
  private timer_: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly same: (a: T, b: T) => boolean) {}

  get rows(): readonly T[] { return this.list.data ?? []; }

  /** What comes live does not say where its meter is: narrowed to an area, the server is asked which are new. */
  ask(area: Record<string, string>, fetch: Fetch<T>): void {
    this.stop();
    this.waiting = [];
    this.fetch_ = fetch;
    this.narrowed_ = Object.keys(area).length > 0;
    this.list.run(fetch);
  }

  again = (): void => { this.waiting = []; this.list.again(); };

  heard(row: T): void {
    const at = this.rows.findIndex((r) => this.same(r, row));
    if (at >= 0) this.list.data = this.list.data!.with(at, row);
    else if (this.narrowed_) this.timer_ ??= setTimeout(() => void this.look(), kLook_ms);
    else this.waiting = [row, ...this.waiting.filter((w) => !this.same(w, row))].slice(0, kWaiting_max);
  }

  take = (): void => {
    this.list.data = [...this.waiting, ...this.rows];
    this.waiting = [];
  };

  stop(): void {
    clearTimeout(this.timer_);
    this.timer_ = undefined;
    this.list.stop();
    this.newer_.stop();
  }

  private look(): void {
    this.timer_ = undefined;
    this.newer_.run(async (signal) => {
      const found = await this.fetch_!(signal);
      this.waiting = found.filter((row) => !this.rows.some((r) => this.same(r, row)));
      return found;
    });
  }
}
