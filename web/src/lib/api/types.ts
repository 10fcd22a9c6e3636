// The shapes of the HTTP interface the page uses.

export type Priority = 'p1' | 'p2' | 'p3';
export type State = 'normal' | Priority;
export type Role = 'viewer' | 'operator' | 'engineer' | 'admin';
export type DeviceStatus = 'ok' | 'late' | 'silent' | 'security' | 'new';

export interface Session { user: string; role: Role; csrf: string }
export interface System {
  utility: string; zone: string; version: string; commit: string; now: string; started: string; demo: boolean;
  counts: Record<string, number>;
}
export interface Tile {
  key: string; title: string; value: number | null; unit: string; target: number | null; previous: number | null;
  better: 'higher' | 'lower'; state: State; link?: string | null;
}
export interface Card {
  priority: Priority; kind: string; title: string; count: number; since: string | null; detail: string; link?: string | null;
}
export interface Overview {
  now: string; tiles: Tile[]; cards: Card[]; rates: { readings_per_s: number; meters_per_s: number };
  completeness_24h: number | null;
}
export interface Completeness {
  from: string; to: string; by: 'hour' | 'day'; groups: { id: string; name: string; devices: number }[]; times: string[];
  cells: [number, number][];
}
export interface DeviceRow {
  id: number; serial: string; model: string; manufacturer: string; service_point: string; customer: string; address: string;
  segment: string; transformer: string; feeder: string; status: DeviceStatus; last_contact: string | null;
  last_reading: string | null; completeness_24h: number | null; clock_offset_s: number | null;
}
export interface Channel {
  id: number; name: string; source: string; kind: 'interval' | 'register'; unit: string; exponent: number; interval_s: number;
  first: string | null; last: string | null; last_value: number | null;
}
export interface StatusWord { key: string; word: string; since: string | null; state: State }
export interface Device extends DeviceRow {
  firmware: string; protocol: string; link: string; latitude: number | null; longitude: number | null; commissioned: string | null;
  interval_s: number; channels: Channel[]; status_strip: StatusWord[];
  neighbours: { id: number; serial: string; status: DeviceStatus }[]; facts: { time: string; text: string }[]; relay: string;
}
export type Point = [at: number, value: number | null, quality: string];
export interface Series {
  channel: number; name: string; unit: string; interval_s: number; kind: 'interval' | 'register'; points: Point[];
  missing: number; estimated: number;
}
export interface Readings { device: number; from: string; to: string; resolution: string; series: Series[] }
export type Severity = 'info' | 'low' | 'medium' | 'high';
export interface Event {
  time: string; category: string; severity: Severity; code: number; source: string; text: string; device: number; serial: string;
}
export interface Command {
  id: number; device: number; serial: string; kind: string; state: 'queued' | 'running' | 'done' | 'failed' | 'expired' | 'unknown';
  argument: string; requested_by: string; requested: string; changed: string; progress: string; result: string;
}
export interface Abnormal {
  priority: Priority; kind: string; device: number; serial: string; since: string | null; text: string; segment: string;
}
export interface Segment {
  name: string; devices: number; reachable: number; completeness: number | null; last_contact: string | null; failures: number;
}
export interface Missing { segment: string; cause: string; devices: number; intervals: number }
export interface User { name: string; role: Role; disabled: boolean; created: string | null; last_seen: string | null }
export interface ApiKey { id: string; name: string; role: Role; created: string | null; last_used: string | null; secret?: string }
export interface Items<T> { items: T[]; next: string | null }
export interface Arrivals { readings: number; meters: number; per_s: number; total: number }
export interface LiveReading {
  device: number; serial: string; channel: number; name: string; time: string; value: number; unit: string; quality: string;
}
