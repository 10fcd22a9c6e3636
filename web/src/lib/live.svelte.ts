// The one live connection of the page (SSE). The browser resumes it with Last-Event-ID; after a longer silence we open a
// new one from the last sequence seen. Hidden pages let go of it after a minute.
import type { Arrivals, Command, Correction, Edit, Event, LiveReading, Overview } from './api/types';
import { urlOf } from './api/client';
import { app } from './app.svelte';

/** `gap`: too much was missed to be sent again; what is shown must be asked for anew. */
interface Kinds { arrivals: Arrivals; event: Event; command: Command; overview: Overview; reading: LiveReading; correction: Correction; edit: Edit; gap: unknown }
type Listener<K extends keyof Kinds> = (data: Kinds[K]) => void;

const kHidden_ms = 60_000;
const kRetry_ms = 3_000;
const kSilence_ms = 45_000;

class Live {
  state = $state<'off' | 'live' | 'waiting'>('off');
  private source_: EventSource | null = null;
  private device_: number | null = null;
  private last_ = '';
  private heard_ = 0;
  private timer_: ReturnType<typeof setTimeout> | undefined;
  private wanted_ = false;
  private readonly listeners_ = new Map<string, Set<(data: never) => void>>();

  start(): void {
    if (this.wanted_) return;
    this.wanted_ = true;
    this.open();
  }

  stop(): void {
    this.wanted_ = false;
    this.close();
    this.last_ = '';
  }

  /** Also sends each reading of this one device, null for none. */
  follow(device: number | null): void {
    if (device === this.device_) return;
    this.device_ = device;
    this.last_ = ''; // another subscription; its page asks for what was before
    if (this.wanted_) this.open();
  }

  on<K extends keyof Kinds>(kind: K, listener: Listener<K>): () => void {
    const set = this.listeners_.get(kind) ?? new Set();
    this.listeners_.set(kind, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  /** To be called once: watches the page being hidden and the line going quiet. */
  watch(): void {
    let hidden: ReturnType<typeof setTimeout> | undefined;
    document.addEventListener('visibilitychange', () => {
      clearTimeout(hidden);
      if (document.hidden) hidden = setTimeout(() => this.close(), kHidden_ms);
      else if (this.wanted_ && !this.source_) this.open();
    });
    setInterval(() => {
      if (this.source_ && this.state === 'live' && performance.now() - this.heard_ > kSilence_ms) this.again();
    }, 5_000);
  }

  private close(): void {
    clearTimeout(this.timer_);
    this.source_?.close();
    this.source_ = null;
    this.state = 'off';
  }

  private again(): void {
    this.close();
    this.state = 'waiting';
    this.timer_ = setTimeout(() => this.open(), kRetry_ms);
  }

  private open(): void {
    this.close();
    this.state = 'waiting';
    const topics = 'readings,events,commands,overview,finals';
    const source = new EventSource(urlOf('/stream', { topics, device: this.device_, after: this.last_ }));
    this.source_ = source;
    source.onopen = () => { this.state = 'live'; this.heard_ = performance.now(); };
    source.onerror = () => {
      if (source !== this.source_) return;
      if (source.readyState === EventSource.CLOSED) this.again();
      else this.state = 'waiting';
    };
    for (const kind of ['arrivals', 'event', 'command', 'overview', 'reading', 'correction', 'edit', 'gap', 'ping']) {
      source.addEventListener(kind, (message) => this.heard(kind, message as MessageEvent<string>));
    }
  }

  private heard(kind: string, message: MessageEvent<string>): void {
    this.heard_ = performance.now();
    if (message.lastEventId) this.last_ = message.lastEventId;
    if (kind === 'ping') return;
    const data = JSON.parse(message.data) as never;
    if (kind === 'overview') app.overview = data;
    for (const listener of this.listeners_.get(kind) ?? []) listener(data);
  }
}

export const live = new Live();
