// What the whole page knows: who is signed in, the utility and its zone, the clock, the theme, the latest overview.
import { api, ApiError, setCsrf, whenSignedOut } from './api/client';
import type { Overview, Session, System } from './api/types';
import { epoch, Zone } from './time';

export type Theme = 'system' | 'light' | 'dark';
const kThemeKey = 'amity.theme';
const kRanks = ['viewer', 'operator', 'engineer', 'admin'];

class App {
  session = $state.raw<Session | null | undefined>(undefined);
  system = $state.raw<System | null>(null);
  overview = $state.raw<Overview | null>(null);
  problem = $state.raw<unknown>(null);
  zone = $state.raw(new Zone('UTC'));
  /** The server's clock, ticking here. UTC seconds. */
  now = $state(Math.floor(Date.now() / 1000));
  theme = $state<Theme>('system');
  /** Changes whenever colours do, for what is drawn on canvas. */
  paint = $state(0);
  announcement = $state('');
  private ahead_s_ = 0;

  may(role: string): boolean {
    return kRanks.indexOf(this.session?.role ?? '') >= kRanks.indexOf(role);
  }

  async start(): Promise<void> {
    const remembered = localStorage.getItem(kThemeKey);
    if (remembered === 'light' || remembered === 'dark') this.theme = remembered;
    this.applyTheme();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.paint++);
    setInterval(() => { this.now = Math.floor(Date.now() / 1000) + this.ahead_s_; }, 1000);
    whenSignedOut(() => { this.session = null; });
    try {
      await this.enter(await api.session());
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.session = null;
      else this.problem = error;
    }
  }

  async enter(session: Session): Promise<void> {
    setCsrf(session.csrf);
    const system = await api.system();
    this.system = system;
    this.zone = new Zone(system.zone);
    this.ahead_s_ = epoch(system.now) - Math.floor(Date.now() / 1000);
    this.now = epoch(system.now);
    this.problem = null;
    this.session = session;
    void this.refresh();
  }

  async refresh(): Promise<void> {
    try { this.overview = await api.overview(); } catch { /* the overview page shows its own errors */ }
  }

  async leave(): Promise<void> {
    await api.signOut();
    setCsrf('');
    this.session = null;
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    if (theme === 'system') localStorage.removeItem(kThemeKey);
    else localStorage.setItem(kThemeKey, theme);
    this.applyTheme();
  }

  /** Says something to screen readers. */
  say(text: string): void { this.announcement = text; }

  private applyTheme(): void {
    if (this.theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.theme;
    this.paint++;
  }
}

export const app = new App();

/** The value of a colour token, as the theme has it now. */
export function colour(token: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();
}
