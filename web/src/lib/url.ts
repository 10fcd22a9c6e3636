// Everything on the screen is in the URL. Pure functions; the router (router.svelte.ts) holds the current one.
import { epoch, iso } from './time';

export interface Preset { key: string; title: string; hours: number }
export const kPresets: readonly Preset[] = [
  { key: '6h', title: 'Last 6 hours', hours: 6 },
  { key: '24h', title: 'Last 24 hours', hours: 24 },
  { key: '3d', title: 'Last 3 days', hours: 72 },
  { key: '7d', title: 'Last 7 days', hours: 168 },
  { key: '30d', title: 'Last 30 days', hours: 720 },
  { key: '90d', title: 'Last 90 days', hours: 2160 },
];
export const kDefaultPreset = '3d';

/** What travels from page to page: the time range and, among the pages it narrows, the area. */
const kTime = ['t', 'from', 'to'];
export const kAreas = ['segment', 'feeder', 'transformer', 'model'] as const;
const kNarrowed = ['/meters', '/completeness', '/events', '/commands', '/abnormal', '/quality'];

export type Patch = Record<string, string | number | null | undefined>;

/** Whether the area of the URL narrows what a page shows. */
export function isNarrowed(path: string): boolean { return kNarrowed.includes(path); }

/** The area of a URL, as the server takes it. Nothing: everywhere. */
export function areaOf(params: URLSearchParams): Record<string, string> {
  return Object.fromEntries(kAreas.flatMap((key) => (params.get(key) ? [[key, params.get(key)!]] : [])));
}

/** " in segment C-01", to be said after what is missing there. */
export function areaText(params: URLSearchParams): string {
  const parts = Object.entries(areaOf(params)).map(([key, name]) => `${key} ${name}`);
  return parts.length ? ` in ${parts.join(', ')}` : '';
}

/** One area, or everywhere. */
export function areaPatch(key?: (typeof kAreas)[number], name?: string): Patch {
  return { ...Object.fromEntries(kAreas.map((k) => [k, null])), ...(key ? { [key]: name } : {}) };
}

export interface Range { from: number; to: number; live: boolean; key: string | null; title: string }

/** The range of a URL. Presets end now and move on ("live"); absolute ranges stand still. */
export function rangeOf(params: URLSearchParams, now: number): Range {
  const a = params.get('from'), b = params.get('to');
  if (a && b) {
    const from = epoch(a), to = epoch(b);
    if (Number.isFinite(from) && Number.isFinite(to) && from < to) return { from, to, live: false, key: null, title: 'Absolute' };
  }
  const preset = kPresets.find((p) => p.key === params.get('t')) ?? kPresets.find((p) => p.key === kDefaultPreset)!;
  const to = Math.ceil(now / 900) * 900;
  return { from: to - preset.hours * 3600, to, live: true, key: preset.key, title: preset.title };
}

export function rangePatch(key: string): Patch;
export function rangePatch(from: number, to: number): Patch;
export function rangePatch(a: string | number, b?: number): Patch {
  if (typeof a === 'string') return { t: a === kDefaultPreset ? null : a, from: null, to: null, z: null };
  return { t: null, from: iso(a), to: iso(b!), z: null };
}

/** The same page with some parameters changed; null or "" takes one away. Parameters keep a fixed order. */
export function patched(url: URL, patch: Patch): string {
  const params = new URLSearchParams(url.search);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined || value === '') params.delete(key);
    else params.set(key, String(value));
  }
  params.sort();
  const text = readable(params);
  return url.pathname + (text ? `?${text}` : '');
}

/** Another page, with what travels carried along. A link that names an area or a meter of its own leaves the old area. */
export function linked(url: URL, path: string, patch: Patch = {}): string {
  const next = new URL(path, url);
  const goes = (at: string) => isNarrowed(at) || at.startsWith('/meters/') || at.startsWith('/quality/');
  const own = [...kAreas, 'device'].some((key) => key in patch || next.searchParams.has(key));
  for (const key of !own && goes(url.pathname) && goes(next.pathname) ? [...kTime, ...kAreas] : kTime) {
    const value = url.searchParams.get(key);
    if (value !== null && !next.searchParams.has(key)) next.searchParams.set(key, value);
  }
  return patched(next, patch);
}

function readable(params: URLSearchParams): string {
  return params.toString().replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%2F', '/');
}

/** A span of time, "z=FROM,TO" in epoch seconds: the zoom inside the range, or another one under its own key. */
export function zoomOf(params: URLSearchParams, key = 'z'): { from: number; to: number } | null {
  const m = /^(\d{1,12}),(\d{1,12})$/.exec(params.get(key) ?? '');
  if (!m) return null;
  const from = +m[1]!, to = +m[2]!;
  return from < to ? { from, to } : null;
}

export interface Sort { key: string; descending: boolean }

export function sortOf(text: string | null, fallback: string): Sort {
  const value = text || fallback;
  return value.startsWith('-') ? { key: value.slice(1), descending: true } : { key: value, descending: false };
}

export function sortText(sort: Sort): string {
  return `${sort.descending ? '-' : ''}${sort.key}`;
}

/** A click on a column: first click sorts its own way, the next turns it round. */
export function turned(sort: Sort, key: string, descendingFirst: boolean): Sort {
  if (sort.key !== key) return { key, descending: descendingFirst };
  return { key, descending: !sort.descending };
}

export type Resolution = 'raw' | 'hour' | 'day';

/** As fine as a screen can show. */
export function resolutionOf(from: number, to: number): Resolution {
  const days = (to - from) / 86_400;
  return days <= 15 ? 'raw' : days <= 100 ? 'hour' : 'day';
}
