// Paging as the page sees it: what changes is drawn again.
import { Paging, type Fetch } from './paging';

export class Paged<T> {
  private version_ = $state(0);
  private readonly paging_ = new Paging<T>(() => { this.version_++; });

  get view() {
    void this.version_;
    const { rows, state, error } = this.paging_;
    return { rows, state, error };
  }
  ask(fetch: Fetch<T>): void { this.paging_.ask(fetch); }
  more = (): void => this.paging_.more();
  retry = (): void => this.paging_.retry();
  stop = (): void => this.paging_.stop();
}
