// The current URL as state. Links are plain <a href>; this takes their clicks.
import { linked, patched, type Patch } from './url';

class Router {
  url = $state.raw(new URL(location.href));
  get path(): string { return this.url.pathname; }
  get params(): URLSearchParams { return this.url.searchParams; }

  param(name: string): string { return this.url.searchParams.get(name) ?? ''; }
  /** A link to another page with the time range carried along. */
  to(path: string, patch: Patch = {}): string { return linked(this.url, path, patch); }
  /** A link to this page with parameters changed. */
  with(patch: Patch): string { return patched(this.url, patch); }

  go(href: string, replace = false): void {
    const next = new URL(href, this.url);
    if (next.href === this.url.href) return;
    if (replace) history.replaceState(null, '', next);
    else history.pushState(null, '', next);
    this.url = next;
  }
  set(patch: Patch, replace = false): void { this.go(this.with(patch), replace); }

  start(): void {
    addEventListener('popstate', () => { this.url = new URL(location.href); });
    document.addEventListener('click', (event) => {
      if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const anchor = (event.target as Element).closest?.('a');
      if (!anchor || anchor.origin !== location.origin || anchor.target || anchor.hasAttribute('download')) return;
      if (anchor.pathname.startsWith('/api/')) return;
      event.preventDefault();
      this.go(anchor.href);
    });
  }
}

export const router = new Router();
